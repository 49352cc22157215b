// Brands and event categories as folders, events as galleries: Brand / category / event.
import { z } from 'zod'
import {
  type AccountPage,
  NotAvailable,
  NotFound,
  SignInRefused,
  type SourceFolder,
  type SourceGallery,
} from '../connector.ts'
import { brandRefused, todo } from './answers.ts'
import type { Calls } from './calls.ts'
import { beginning, type Place, type Step, walk, whole } from './walk.ts'
import type { Brand, Event } from './wire.ts'

const place = z.object({
  pass: z.union([z.literal(1), z.literal(2)]),
  page: z.number(),
  index: z.number(),
  listed: z.number(),
  total: z.number().nullable(),
})

/** Where the account's listing stands: everything that a worker needs to go on without asking for a page again. */
const cursorShape = z.object({
  /** Still to be read, the first of them from `place` on. */
  brands: z.array(z.object({ id: z.string(), title: z.string() })),
  place,
  /** Categories of the first brand that were given as folders already. */
  given: z.array(z.string()),
  /** Names of its categories by id; null until an event has a bare id. */
  names: z.record(z.string(), z.string()).nullable(),
})
type Cursor = z.output<typeof cursorShape>

/**
 * Every brand, also one without events. Throws UnexpectedPage where there is none: then something else is wrong. Every
 * studio has the list, so that "not found" is "forbidden" here: SignInRefused.
 */
export async function brandsOf(calls: Calls): Promise<Brand[]> {
  const wrong = (expected: string) => calls.wrong(`brands: ${expected}`, 'brands', {})
  const brands = await whole((page) => calls.read('brands', {}, page), wrong).catch((error) => {
    if (!isRefusal(error)) throw error
    throw new SignInRefused(todo.noAccess, { cause: error })
  })
  if (brands.length === 0) throw wrong('items: at least one brand')
  return brands
}

const isRefusal = (error: unknown) => error instanceof NotFound || error instanceof NotAvailable

export function titleOf(brand: Brand): string {
  return brand.name || brand.galleryDomain || brand.customDomain || brand.id
}

/**
 * The oldest brand stands for the studio, whose own id is not known: another studio has none of its brands, and one
 * that is made later changes nothing.
 */
export function oldestOf(brands: Brand[]): string | null {
  const key = ({ created, id }: Brand) => `${created ?? ''} ${id.padStart(40, '0')}`
  const [oldest] = brands.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  return oldest?.id ?? null
}

/** How many events all brands state. */
export async function countEvents(calls: Calls, brands: Brand[]): Promise<number> {
  let count = 0
  for (const { id } of brands) count += (await eventsPage(calls, { id, title: id }, 1)).meta.totalItems
  return count
}

export async function* accountPages(calls: Calls, cursor?: string): AsyncGenerator<AccountPage> {
  let at: Cursor
  if (cursor === undefined) {
    const brands = await brandsOf(calls)
    at = {
      brands: brands.map((brand) => ({ id: brand.id, title: titleOf(brand) })),
      place: beginning,
      given: [],
      names: null,
    }
    yield { folders: brands.map(brandFolder), galleries: [], next: JSON.stringify(at) }
  } else {
    at = cursorShape.parse(JSON.parse(cursor))
  }
  for (let brand = at.brands[0]; brand; brand = at.brands[0]) {
    for await (const step of eventsOf(calls, brand, at.place)) {
      const page = await pageOf(calls, brand.id, step, at)
      at = after(at, step.next)
      yield { ...page, next: at.brands.length > 0 ? JSON.stringify(at) : null }
    }
  }
}

function after(at: Cursor, next: Place | null): Cursor {
  if (next) return { ...at, place: next }
  return { brands: at.brands.slice(1), place: beginning, given: [], names: null }
}

function eventsOf(calls: Calls, brand: { id: string; title: string }, from: Place): AsyncGenerator<Step<Event>> {
  const wrong = (expected: string) => calls.wrong(`events: ${expected}`, 'events', { brand: brand.id })
  return walk(from, (page) => eventsPage(calls, brand, page), wrong)
}

async function eventsPage(calls: Calls, brand: { id: string; title: string }, page: number) {
  try {
    return await calls.read('events', { brand: brand.id }, page)
  } catch (error) {
    // A brand that is listed exists, so that "not found" is "forbidden" here.
    if (!isRefusal(error)) throw error
    throw new SignInRefused(brandRefused(brand.title), { cause: error })
  }
}

function brandFolder(brand: Brand, position: number): SourceFolder {
  return { ref: brand.id, parentRef: null, title: titleOf(brand), description: null, position, access: null }
}

/** Remembers in `at` which categories it gave. */
async function pageOf(calls: Calls, brand: string, step: Step<Event>, at: Cursor): Promise<Omit<AccountPage, 'next'>> {
  const events = step.items.map(({ item }) => item)
  // One event without its count is an odd event; all of them without is a renamed field.
  if (events.length > 0 && events.every(({ photosCount }) => photosCount === undefined))
    throw calls.wrong('events: items[].photosCount', 'events', { brand }, Object.keys(events[0] ?? {}).join(' '))
  if (events[0]) calls.noteOnce('fields of an event', Object.keys(events[0]))

  const folders: SourceFolder[] = []
  const galleries: SourceGallery[] = []
  for (const { item: event, index } of step.items) {
    const category = await categoryOf(calls, brand, event, at)
    // Two kinds of ids, which may be the same number.
    const folderRef = category === null ? brand : `${brand}/${category.id}`
    if (category && !at.given.includes(category.id)) {
      at.given = [...at.given, category.id]
      const { title } = category
      folders.push({ ref: folderRef, parentRef: brand, title, description: null, position: index, access: null })
    }
    galleries.push(galleryOf(calls, event, folderRef, index))
  }
  return { folders, galleries }
}

function galleryOf(calls: Calls, event: Event, folderRef: string, position: number): SourceGallery {
  if (!event.eventDate.understood) calls.noteOnce('an eventDate of an unknown format')
  return {
    ref: event.id,
    folderRef,
    title: event.name ?? '',
    position,
    virtual: false,
    statedCount: event.photosCount ?? null,
    statedBytes: null,
    access: null,
    date: event.eventDate.day,
    coverRef: null,
    changeToken: null,
  }
}

/** A bare id is looked up; one that no list explains is its own title, so that the grouping is not lost. */
async function categoryOf(
  calls: Calls,
  brand: string,
  event: Event,
  at: Cursor,
): Promise<{ id: string; title: string } | null> {
  const id = event.eventCategory?.id ?? event.eventCategoryId
  if (id == null) return null
  if (event.eventCategory?.name != null) return { id, title: event.eventCategory.name }
  at.names ??= await categoryNames(calls, brand)
  const title = at.names[id]
  if (title !== undefined) return { id, title }
  const named = Object.entries(at.names).find(([, name]) => name === id)
  if (named) return { id: named[0], title: named[1] }
  calls.noteOnce('an eventCategory that is not in the list of categories')
  return { id, title: id }
}

/** The address is known second-hand only: where it is refused, the ids stand for the names. */
async function categoryNames(calls: Calls, brand: string): Promise<Record<string, string>> {
  const wrong = (expected: string) => calls.wrong(`categories: ${expected}`, 'categories', { brand })
  try {
    const categories = await whole((page) => calls.read('categories', { brand }, page), wrong)
    return Object.fromEntries(categories.map(({ id, name }) => [id, name ?? id]))
  } catch (error) {
    if (!isRefusal(error)) throw error
    calls.noteOnce('the list of categories is refused', { error: error.name })
    return {}
  }
}

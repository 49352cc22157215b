// What a photographer reads: plain words only, nothing of how it is done.
import type { Outputs } from '../trpc.ts'
import type { ClientPage } from './use-client-page.ts'

type Difference = ClientPage['differences'][number]

/** The one sentence on top. `count` writes a number as the reader does. */
export function headline(
  { photos, stage, name }: Pick<ClientPage, 'photos' | 'stage' | 'name'>,
  count: (n: number) => string,
): string {
  const { total, safe, look } = photos
  if (stage === 'nothing') return `Welcome, ${name}. Your galleries will appear here once the move has begun.`
  if (stage === 'preparing' || total === 0) return 'We are looking through your galleries. Nothing has been moved yet.'
  const many = total === 1 ? 'photo is' : 'photos are'
  if (look > 0)
    return `${count(safe)} of ${count(total)} ${many} safe with us; ${count(look)} ${look === 1 ? 'needs' : 'need'} a look.`
  if (safe === total)
    return total === 1 ? 'Your photo is safe with us.' : `All ${count(total)} photos are safe with us.`
  return `${count(safe)} of ${count(total)} ${many} safe with us so far.`
}

/** What goes on, below the headline; null where the headline says it all. */
export function standing({ stage, needed, from }: Pick<ClientPage, 'stage' | 'needed' | 'from'>): string | null {
  const host = from[0] ?? 'your gallery host'
  if (needed === 'sign_in')
    return `${host} asks for a new sign-in before we can go on. Please get in touch with the person who helps you with the move. What has arrived is safe.`
  if (needed === 'passwords')
    return 'Some albums open only with their password. The person who helps you needs it from you.'
  if (stage === 'moving') return 'The rest is on its way. This page follows by itself; you need not wait.'
  if (stage === 'held') return 'We are having a short rest and go on soon. What has arrived is safe.'
  return null
}

interface Reason {
  title: string
  why: string
}

const photoReasons: Record<string, (from: string) => Reason> = {
  gone_at_source: (from) => ({
    title: 'No longer there',
    why: `${from} still named them in the album, but no longer had the files when we came for them.`,
  }),
  not_available: (from) => ({
    title: 'Not handed out',
    why: `${from} shows them but does not let anybody download the files.`,
  }),
  excluded: () => ({ title: 'Left out on purpose', why: 'It was decided together not to bring these over.' }),
  not_sent: () => ({ title: 'Never sent', why: 'They were announced to us, but the files did not come.' }),
  truncated_image: (from) => ({
    title: 'Damaged',
    why: `The files break off in the middle, at ${from} too. If you have another copy, we put it in its place.`,
  }),
  corrupt_image: (from) => ({
    title: 'Damaged',
    why: `The files cannot be read as pictures, at ${from} either. If you have another copy, we put it in its place.`,
  }),
  empty_file: (from) => ({ title: 'Empty', why: `${from} has the names of these files, with nothing in them.` }),
  not_an_image: (from) => ({ title: 'Not pictures', why: `${from} sent something else in their place.` }),
}

const albumReasons: Record<string, Reason> = {
  password_needed: { title: 'Need a password', why: 'These albums open only with the password that you gave them.' },
  count_differs: { title: 'Numbers differ', why: 'We hold another number of photos than were counted there.' },
  count_mismatch: { title: 'Numbers differ', why: 'Another number of photos is stated there than is shown.' },
  order_broken: { title: 'Order is not certain', why: 'Two photos stood at the same place there.' },
  sets_differ: { title: 'Sections differ', why: 'Photos stood in sections that the album does not name.' },
  photos_failed: {
    title: 'Photos are missing',
    why: 'Some photos of these albums did not come over; they are named here.',
  },
  cover_missing: { title: 'Cover is missing', why: 'The cover picture is not among the photos that came.' },
  access_differs: { title: 'Who may see them', why: 'It was not certain who may see them, so only you can, for now.' },
}

/** Why something is not as it was there; a reason nobody has described yet is being looked at. */
export function reasonOf({ of, code }: Pick<Difference, 'of' | 'code'>, from: string[]): Reason {
  const there = from[0] ?? 'the other side'
  if (of === 'pictures')
    return {
      title: 'Kept, but not shown',
      why: 'The original files are safe exactly as they are; only the preview could not be made.',
    }
  if (of === 'galleries')
    return (
      albumReasons[code] ?? {
        title: 'Being looked at',
        why: 'Something about these albums is not certain yet; we are looking at it.',
      }
    )
  return (
    photoReasons[code]?.(there) ?? {
      title: 'Did not come over yet',
      why: `We tried several times and could not get them from ${there}. We are looking into it.`,
    }
  )
}

/** Where an album stands, in a word; its family is its colour. */
export const albumStates = {
  here: { family: 'safe', icon: 'circleCheck', word: 'all here' },
  moving: { family: 'moving', icon: 'moving', word: 'on its way' },
  waiting: { family: 'recovers', icon: 'clock', word: 'being fetched from an archive' },
  look: { family: 'needs-you', icon: 'alert', word: 'needs a look' },
} as const satisfies Record<Outputs['clientPage']['albums']['albums'][number]['state'], unknown>

import { type PhotoAddress, type SourcePhoto, type SourceSession, Thawing } from '../connector.ts'

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

/** The stand-in thaws at once here, after it was asked a first time: by `request`, or by trying alone. */
export async function thawed<Result>(ask: () => Promise<Result>, request?: () => Promise<unknown>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof Thawing)) throw error
    await request?.()
    return ask()
  }
}

/** Looks until the archive says that it is back; with `thawSeconds: 0` that is the second or third look. */
export async function broughtBack(
  session: SourceSession,
  gallery: { ref: string },
  missing?: PhotoAddress,
): Promise<void> {
  let given: unknown
  for (let looks = 0; looks < 5; looks++) {
    const state = await session.thaw?.(gallery, given, missing)
    if (!state || state.ready) return
    given = JSON.parse(JSON.stringify(state.ticket))
  }
}

export async function readOriginal(session: SourceSession, photo: SourcePhoto, range?: { start: number }) {
  const request = () => broughtBack(session, { ref: photo.galleryRef }, photo)
  const opened = await thawed(() => session.open(photo, range), request)
  return { opened, bytes: Buffer.concat(await all(opened.stream)) }
}

import { type SourcePhoto, type SourceSession, Thawing } from '../connector.ts'

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

/** The stand-in thaws at once here, after it was asked a first time. */
export async function thawed<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Thawing) return ask()
    throw error
  }
}

export async function readOriginal(session: SourceSession, photo: SourcePhoto, range?: { start: number }) {
  const opened = await thawed(() => session.open(photo, range))
  return { opened, bytes: Buffer.concat(await all(opened.stream)) }
}

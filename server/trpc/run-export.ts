// The run list of a filter, as a file for spreadsheets.
import { Readable } from 'node:stream'
import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { recordAudit } from '#server/audit.ts'
import { log } from '#server/log.ts'
import { notFound, Refusal } from '#server/refusal.ts'
import { mostStreamed } from '#server/run-acts.ts'
import { runsCsv } from '#server/run-export.ts'
import { openExport } from '#server/run-exports.ts'
import { countRuns } from '#server/run-search.ts'
import { NoSuchObject } from '#server/store/store.ts'
import { createContext } from './context.ts'
import { appRouter } from './router.ts'
import { runQuery } from './search.ts'

/** `?query=` is the list's filter as JSON. The file is written as it is read; that it was taken is on record. */
export function answerRunExport(request: Request): Promise<Response> {
  return answer(async () => {
    const context = await createContext({ req: request })
    const parsed = runQuery.safeParse(jsonOf(new URL(request.url).searchParams.get('query')))
    const { house, person } = context
    // Whoever may look at the list may take it away: one place judges both.
    await appRouter.createCaller(context).search.runs({ query: parsed.data ?? {}, limit: 1 })
    if (!parsed.success) throw new Refusal('invalid_input', 400, 'This was not understood.')
    const many = await countRuns(house, parsed.data)
    if (many[parsed.data.tab ?? 'all'] > mostStreamed)
      throw new Refusal('too_many_runs', 413, 'This list is long: ask for it as a file that is written for you.')
    await house.db.transaction((tx) => recordAudit(tx, person!.email, 'runs.download', 'runs', parsed.data))
    return csv(Readable.from(runsCsv(house, parsed.data), { objectMode: false }), 'runs.csv')
  })
}

/** One that a worker has written: for whoever asked for it, while they may look at the list. */
export function answerWrittenExport(request: Request, id: string): Promise<Response> {
  return answer(async () => {
    const context = await createContext({ req: request })
    await appRouter.createCaller(context).exports.mine()
    if (!z.uuid().safeParse(id).success) throw notFound('file')
    const { stream, bytes, askedAt } = await openExport(context.house, context.person!.email, id)
    return csv(stream, `runs-${askedAt.toISOString().slice(0, 10)}.csv`, bytes)
  })
}

function csv(lines: Readable, name: string, bytes?: number): Response {
  return new Response(Readable.toWeb(lines) as ReadableStream, {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'private, no-store',
      ...(bytes === undefined ? {} : { 'Content-Length': String(bytes) }),
    },
  })
}

async function answer(respond: () => Promise<Response>): Promise<Response> {
  try {
    return await respond()
  } catch (error) {
    const cause = error instanceof TRPCError ? error.cause : error
    if (!(cause instanceof Refusal)) log.error({ err: error }, 'console: run list')
    const { code, status, message } =
      cause instanceof Refusal
        ? cause
        : cause instanceof NoSuchObject
          ? notFound('file')
          : new Refusal('internal', 500, 'Something went wrong on our side.')
    return Response.json({ code, message }, { status, headers: { 'Cache-Control': 'no-store' } })
  }
}

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '{}')
  } catch {
    return null
  }
}

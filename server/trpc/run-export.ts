// The run list of a filter, as a file for spreadsheets.
import { Readable } from 'node:stream'
import { TRPCError } from '@trpc/server'
import { recordAudit } from '#server/audit.ts'
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'
import { runsCsv } from '#server/run-export.ts'
import { createContext } from './context.ts'
import { appRouter } from './router.ts'
import { runQuery } from './search.ts'

/** `?query=` is the list's filter as JSON. The file is written as it is read; that it was taken is on record. */
export async function answerRunExport(request: Request): Promise<Response> {
  try {
    const context = await createContext({ req: request })
    const parsed = runQuery.safeParse(jsonOf(new URL(request.url).searchParams.get('query')))
    // Whoever may look at the list may take it away: one place judges both.
    await appRouter.createCaller(context).search.runs({ query: parsed.data ?? {}, limit: 1 })
    if (!parsed.success) throw new Refusal('invalid_input', 400, 'This was not understood.')
    const { house, person } = context
    await house.db.transaction((tx) => recordAudit(tx, person!.email, 'runs.download', 'runs', parsed.data))
    const lines = Readable.from(runsCsv(house, parsed.data), { objectMode: false })
    return new Response(Readable.toWeb(lines) as ReadableStream, {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': 'attachment; filename="runs.csv"',
        'Cache-Control': 'private, no-store',
      },
    })
  } catch (error) {
    const cause = error instanceof TRPCError ? error.cause : error
    if (!(cause instanceof Refusal)) log.error({ err: error }, 'console: run list')
    const { code, status, message } =
      cause instanceof Refusal ? cause : new Refusal('internal', 500, 'Something went wrong on our side.')
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

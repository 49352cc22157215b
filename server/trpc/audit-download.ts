// Who did what, as a file for spreadsheets.
import { TRPCError } from '@trpc/server'
import { recordAudit } from '#server/audit.ts'
import { auditCsv } from '#server/audit-views.ts'
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'
import { auditFilter } from './audit.ts'
import { createContext } from './context.ts'
import { appRouter } from './router.ts'

/** The filter stands in the query, as on the page. The file is written as it is read; that it was taken is on record. */
export async function answerAuditDownload(request: Request): Promise<Response> {
  try {
    const context = await createContext({ req: request })
    const query = Object.fromEntries(new URL(request.url).searchParams)
    // Whoever may look at this page of acts may take it away: one place judges both.
    await appRouter.createCaller(context).audit.list({ ...auditFilter.parse(query), limit: 1 })
    const filter = auditFilter.parse(query)
    const { house, person } = context
    await house.db.transaction((tx) => recordAudit(tx, person!.email, 'audit.download', 'audit', filter))
    return new Response(streamOf(auditCsv(house, filter)), {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': 'attachment; filename="audit.csv"',
        'Cache-Control': 'private, no-store',
      },
    })
  } catch (error) {
    const refusal = error instanceof TRPCError ? error.cause : error
    if (refusal instanceof Refusal) return refused(refusal)
    log.info({ err: error }, 'console: audit download')
    return refused(new Refusal('invalid_input', 400, 'This was not understood.'))
  }
}

const refused = ({ code, status, message }: Refusal) =>
  Response.json({ code, message }, { status, headers: { 'Cache-Control': 'no-store' } })

const pieceLength = 65_536 // lines one by one cost more than what is in them

function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      let piece = ''
      while (piece.length < pieceLength) {
        const { done, value } = await lines.next()
        if (!done) piece += value
        else if (piece === '') return controller.close()
        else break
      }
      controller.enqueue(encoder.encode(piece))
    },
    async cancel() {
      await lines.return(undefined)
    },
  })
}

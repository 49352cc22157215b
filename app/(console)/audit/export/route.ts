import { answerAuditDownload } from '#server/trpc/audit-download.ts'

export const dynamic = 'force-dynamic'

/** The acts of the page's filter, as CSV. */
export const GET = (request: Request) => answerAuditDownload(request)

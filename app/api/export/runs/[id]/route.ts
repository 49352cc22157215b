import { answerWrittenExport } from '#server/trpc/run-export.ts'

export const dynamic = 'force-dynamic'

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }) {
  return answerWrittenExport(request, (await params).id)
}

import { answerEvidence } from '#server/trpc/downloads.ts'

export const dynamic = 'force-dynamic'

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }) {
  return answerEvidence(request, (await params).id)
}

import { answerDownload } from '#server/trpc/downloads.ts'

export const dynamic = 'force-dynamic'

/** `certificate`, `report`, or redirects as `csv`, `nginx`, `netlify`. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string; file: string }> }) {
  const { id, file } = await params
  return answerDownload(request, id, file)
}

import { answerRunExport } from '#server/trpc/run-export.ts'

export const dynamic = 'force-dynamic'

export function GET(request: Request) {
  return answerRunExport(request)
}

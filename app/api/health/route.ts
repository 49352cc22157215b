import { databaseAnswers } from '#server/trpc/house.ts'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  const ok = await databaseAnswers().then(
    () => true,
    () => false,
  )
  const headers = { 'Cache-Control': 'no-store', ...(ok ? {} : { 'Retry-After': '5' }) }
  return Response.json({ ok }, { status: ok ? 200 : 503, headers })
}

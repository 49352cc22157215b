import type { Metadata } from 'next'
import { ClientPageView } from '../../client-page/client-page.tsx'

export const metadata: Metadata = { title: 'Your galleries', referrer: 'no-referrer' }

/** Whoever holds the link; what it opens is asked of every procedure. */
export default async function Page({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params
  return <ClientPageView token={token} person={null} />
}

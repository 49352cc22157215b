import type { Metadata } from 'next'
import { RunPage } from './run-page.tsx'

export const metadata: Metadata = { title: 'Run' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <RunPage runId={(await params).id} />
}

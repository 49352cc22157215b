import type { Metadata } from 'next'
import { PresetsPage } from './presets-page.tsx'

export const metadata: Metadata = { title: 'Presets' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <PresetsPage clientId={(await params).id} />
}

import type { Metadata } from 'next'
import { KeysPage } from './keys-page.tsx'

export const metadata: Metadata = { title: 'Keys' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <KeysPage clientId={(await params).id} />
}

import type { Metadata } from 'next'
import { ClientPage } from './client-page.tsx'

export const metadata: Metadata = { title: 'Client' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <ClientPage clientId={(await params).id} />
}

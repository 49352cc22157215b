import type { Metadata } from 'next'
import { WebhooksPage } from './webhooks-page.tsx'

export const metadata: Metadata = { title: 'Webhooks' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <WebhooksPage clientId={(await params).id} />
}

import type { Metadata } from 'next'
import { pageVisitor } from '#server/trpc/request.ts'
import { EverybodysWebhooksPage } from './webhooks-page.tsx'

export const metadata: Metadata = { title: 'Webhooks' }

export default async function Page() {
  return <EverybodysWebhooksPage mayAct={(await pageVisitor())?.role !== 'staff'} />
}

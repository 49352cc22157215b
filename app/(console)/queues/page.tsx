import type { Metadata } from 'next'
import { pageVisitor } from '#server/trpc/request.ts'
import { QueuesPage } from './queues-page.tsx'

export const metadata: Metadata = { title: 'Queues' }

export default async function Page() {
  return <QueuesPage mayAct={(await pageVisitor())?.role !== 'staff'} />
}

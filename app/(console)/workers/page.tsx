import type { Metadata } from 'next'
import { pageVisitor } from '#server/trpc/request.ts'
import { WorkersPage } from './workers-page.tsx'

export const metadata: Metadata = { title: 'Workers' }

export default async function Page() {
  return <WorkersPage mayAct={(await pageVisitor())?.role !== 'staff'} />
}

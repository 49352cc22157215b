import type { Metadata } from 'next'
import { pageVisitor } from '#server/trpc/request.ts'
import { ProvidersPage } from './providers-page.tsx'

export const metadata: Metadata = { title: 'Providers' }

export default async function Page() {
  return <ProvidersPage mayAct={(await pageVisitor())?.role !== 'staff'} />
}

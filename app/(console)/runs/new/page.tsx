import type { Metadata } from 'next'
import { NewRunPage } from './new-run-page.tsx'

export const metadata: Metadata = { title: 'New migration' }

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { client, source } = await searchParams
  return <NewRunPage clientId={idOf(client)} sourceId={idOf(source)} />
}

const idOf = (value: string | string[] | undefined) =>
  typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value) ? value : null

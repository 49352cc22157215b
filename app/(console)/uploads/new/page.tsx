import type { Metadata } from 'next'
import { NewUploadPage } from './new-upload-page.tsx'

export const metadata: Metadata = { title: 'New upload' }

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { client } = await searchParams
  return (
    <NewUploadPage initialClientId={typeof client === 'string' && /^[0-9a-f-]{36}$/.test(client) ? client : null} />
  )
}

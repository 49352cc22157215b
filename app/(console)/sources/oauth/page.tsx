import type { Metadata } from 'next'
import { CameBack } from './came-back.tsx'

export const metadata: Metadata = { title: 'Connect an account' }

/** Where a provider sends people back to after they said yes, or no, on its own page. */
export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { state, code, error } = await searchParams
  return <CameBack state={one(state)} code={one(code)} error={one(error)} />
}

const one = (value: string | string[] | undefined) => (typeof value === 'string' && value !== '' ? value : null)

import type { Metadata } from 'next'
import { PasswordsPage } from '../../../../passwords/passwords-page.tsx'

export const metadata: Metadata = { title: 'Gallery passwords' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <PasswordsPage scope={{ runId: (await params).id }} />
}

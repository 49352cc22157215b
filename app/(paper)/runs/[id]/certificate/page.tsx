import type { Metadata } from 'next'
import { notFound, redirect } from 'next/navigation'
import { certificatePage } from '#server/trpc/downloads.ts'
import { Empty, TextLink } from '../../../../parts/parts.tsx'
import classes from '../../../../sign-in/sign-in.module.css'
import { Sheet } from './sheet.tsx'

export const metadata: Metadata = { title: 'Certificate' }

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ token?: string | string[] }> }

export default async function Page({ params, searchParams }: Props) {
  const { id } = await params
  const { token } = await searchParams
  const link = typeof token === 'string' ? token : null
  const page = await certificatePage(id, link)
  if (!('code' in page)) return <Sheet {...page} token={link} />
  if (page.code === 'signed_out') redirect(`/sign-in?next=/runs/${encodeURIComponent(id)}/certificate`)
  if (page.code === 'not_found') notFound()
  const toAccount = page.code === 'second_factor_needed' && <TextLink href="/account">Your account</TextLink>
  return (
    <main className={classes.page}>
      <Empty whole title="This certificate is closed" action={toAccount}>
        {page.message}
      </Empty>
    </main>
  )
}

'use client'
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { PageHead } from '../../../parts/parts.tsx'
import { useTitle } from '../../../parts/use-title.ts'
import { useTRPC } from '../../../trpc.ts'
import classes from './places.module.css'

const places = [
  { path: '', label: 'Overview' },
  { path: '/keys', label: 'Keys' },
  { path: '/webhooks', label: 'Webhooks' },
  { path: '/presets', label: 'Presets' },
] as const

type Place = (typeof places)[number]['path']

/** The pages of one client. */
export function ClientPlaces({ clientId, here }: { clientId: string; here: Place }) {
  return (
    <nav className={classes.places} aria-label="Of this client">
      {places.map(({ path, label }) => (
        <Link
          key={path}
          href={`/clients/${clientId}${path}`}
          className={classes.place}
          aria-current={path === here ? 'page' : undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}

/** The head of a client's page other than its overview. */
export function ClientHead({ clientId, here, children }: { clientId: string; here: Place; children?: ReactNode }) {
  const client = useQuery(useTRPC().clients.get.queryOptions({ id: clientId }))
  const name = client.data?.name
  const label = places.find(({ path }) => path === here)!.label
  useTitle(name && `${label} · ${name} · Pass`)
  return (
    <>
      <PageHead
        title={name ?? <Skeleton width={240} height={32} />}
        crumbs={[{ href: '/clients', text: 'Clients' }, ...(client.data?.email ? [{ text: client.data.email }] : [])]}
      >
        {children}
      </PageHead>
      <ClientPlaces clientId={clientId} here={here} />
    </>
  )
}

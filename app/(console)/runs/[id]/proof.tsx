'use client'
import { Button, Menu } from '@mantine/core'
import Link from 'next/link'
import { Icon } from '../../../icons.tsx'
import type { Snapshot } from './use-run.ts'

/** What can be taken away of a run that has begun: certificate, report, and where old addresses lead now. */
export function Proof({ run }: { run: Snapshot }) {
  const file = (name: string) => ({ component: 'a' as const, href: `/api/runs/${run.run}/${name}`, download: true })
  return (
    <Menu position="bottom-end" width={264}>
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="file" size={14} />}>
          Proof
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Certificate</Menu.Label>
        <Menu.Item component="a" href={`/runs/${run.run}/certificate`}>
          Read or print
        </Menu.Item>
        <Menu.Item {...file('certificate')}>Download to check (NDJSON)</Menu.Item>
        <Menu.Item component={Link} href={`/clients/${run.client.id}?share`}>
          Link for the photographer
        </Menu.Item>
        <Menu.Label>Report</Menu.Label>
        <Menu.Item {...file('report')}>Download (NDJSON)</Menu.Item>
        {run.kind === 'migration' && (
          <>
            <Menu.Label>Redirects</Menu.Label>
            <Menu.Item {...file('csv')}>Old and new addresses (CSV)</Menu.Item>
            <Menu.Item {...file('nginx')}>Rules for nginx</Menu.Item>
            <Menu.Item {...file('netlify')}>Rules for Netlify (_redirects)</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

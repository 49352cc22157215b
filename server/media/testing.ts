// For tests of the media API: a house with workers, the API on a port of its own, and what senders send.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { House } from '#server/house.ts'
import { findOrCreateClient } from '../clients.ts'
import { createKey, type Scope, scopes } from '../keys.ts'
import { stopListening } from '../live.ts'
import { openUploads } from '../uploads.ts'
import { type MediaOptions, mediaApp } from './app.ts'
import { imagesFirst } from './image.ts'

export interface MediaServer {
  origin: string
  close(): Promise<void>
}

export async function startMedia(house: House, options: MediaOptions = {}): Promise<MediaServer> {
  const uploads = openUploads(house)
  const app = getRequestListener(mediaApp(house, { uploads, ...options }).fetch)
  const server = createServer({ requestTimeout: 0 }, imagesFirst(house, app))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await uploads.close()
      await stopListening(house)
    },
  }
}

export interface Sender {
  clientId: string
  keyId: string
  headers: { Authorization: string }
}

/** A key of a client; of another one for each name. */
export async function aSender(house: House, client: string, granted: Scope[] = [...scopes]): Promise<Sender> {
  const { id: clientId } = await findOrCreateClient(house, 'test', client)
  const { id: keyId, key } = await createKey(house, 'test', { clientId, name: 'camera', scopes: granted })
  return { clientId, keyId, headers: { Authorization: `Bearer ${key}` } }
}

/** Files under `file`, in order; fields besides. */
export function form(files: [bytes: Uint8Array, name: string][], fields: Record<string, unknown> = {}): FormData {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields))
    body.append(name, typeof value === 'string' ? value : JSON.stringify(value))
  for (const [bytes, name] of files) body.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), name)
  return body
}

// For tests of the media API: a house with workers, the API on a port of its own, and what senders send.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { crc32, deflateRawSync } from 'node:zlib'
import type { House } from '#server/house.ts'
import { findOrCreateClient } from '../clients.ts'
import { createKey, type Scope, scopes } from '../keys.ts'
import { openUploads } from '../uploads.ts'
import type { MediaOptions } from './app.ts'
import { mediaServer } from './server.ts'

export interface MediaServer {
  origin: string
  close(): Promise<void>
}

export async function startMedia(house: House, options: MediaOptions = {}): Promise<MediaServer> {
  const uploads = openUploads(house)
  const server = mediaServer(house, { uploads, ...options })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await uploads.close()
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

interface Zipped {
  name: string
  bytes: Buffer
  /** As Unix has it: kind and rights. */
  mode?: number
  /** What it says of its length. */
  claims?: number
  flags?: number
}

/** A ZIP archive as its specification says, with whatever is asked of it. */
export function zip(entries: Zipped[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes, mode = 0o100644, claims = bytes.length, flags = 0x800 } of entries) {
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claims, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, Buffer.from(name)]))
    parts.push(head)
    offset += head.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  const listed = Buffer.concat(directory)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06', 'latin1'), end])
}

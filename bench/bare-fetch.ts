// The bare loop of `fetch`: request, hash while it flows, write, name it by its hash.
import { createHash } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent } from 'undici'
import { serve } from './crew.ts'

export interface BareFetch {
  origin: string
  /** `/<bytes>/<count>/`. */
  path: string
  out: string
  /** As the files store does: the bytes before the name, the name's directory after it. */
  sync: boolean
}

const agent = new Agent({ connections: 64 })

serve<BareFetch>(async (item, { origin, path, out, sync }) => {
  const { statusCode, body } = await agent.request({ origin, path: `${path}${item}.jpg`, method: 'GET' })
  if (statusCode !== 200) throw new Error(`the site answered ${statusCode}`)
  const temp = join(out, `${item}.part`)
  const hash = createHash('sha256')
  const file = await open(temp, 'wx')
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk)
      await file.write(chunk)
    }
    if (sync) await file.datasync()
  } finally {
    await file.close()
  }
  const sha256 = hash.digest('hex')
  const folder = join(out, sha256.slice(0, 2))
  await mkdir(folder, { recursive: true })
  await rename(temp, join(folder, sha256))
  if (!sync) return
  const directory = await open(folder, 'r')
  await directory.sync()
  await directory.close()
})

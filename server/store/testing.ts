// A real S3 server of one's own for a test: Ceph's gateway with its objects in memory.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

const run = promisify(execFile)
const scripts = resolve(import.meta.dirname, '../../../shared/s3')

export interface TestS3 {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  /** Stops the server and removes what it wrote. */
  stop(): Promise<void>
}

/**
 * Takes 1 to 2 s, and up to a minute where its Debian packages must be installed first (as root).
 * null where the folder with its start script is not beside this checkout.
 */
export async function startCeph(): Promise<TestS3 | null> {
  if (!existsSync(join(scripts, 'start.sh'))) return null
  const directory = await mkdtemp(join(tmpdir(), 'store-ceph-'))
  const env = { ...process.env, S3_REAL_STORE: 'memstore', S3_REAL_PORT: `${await freePorts()}` }
  const { stdout } = await run('bash', [join(scripts, 'start.sh'), directory], { env, timeout: 180_000 })
  const printed = Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/s, 2)))
  return {
    endpoint: printed.ENDPOINT,
    accessKeyId: printed.ACCESS_KEY_ID,
    secretAccessKey: printed.SECRET_ACCESS_KEY,
    async stop() {
      await run('bash', [join(scripts, 'stop.sh'), directory, '--wipe'])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Makes a bucket; one that is there already is fine. */
export async function ensureBucket(server: Omit<TestS3, 'stop'>, bucket: string): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BucketAlreadyOwnedByYou') throw error
  } finally {
    client.destroy()
  }
}

/** The first of the ports that the server takes: itself, the next one, and the twentieth to fifty-ninth behind it. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 200) * 60 // below the range that outgoing connections use
    const taken = await Promise.all(Array.from({ length: 60 }, (_, i) => listens(port + i)))
    if (!taken.includes(true)) return port
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => answer(true)).on('error', () => answer(false))
    socket.on('connect', () => socket.destroy())
  })
}

// As whom PostgreSQL runs: as ourselves, or, because it refuses root, as an unprivileged user when we are root.
import { chown, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Identity {
  /** Absent: as ourselves. */
  user?: { uid: number; gid: number }
  /** What to put before a command so that it runs as that user and ends when this process is killed. */
  prefix: string[]
  /** Gives a file or folder of ours to that user. */
  own(path: string): Promise<void>
}

/** No user can run PostgreSQL here, or it cannot reach what it needs; the message says what to do. */
class NoIdentity extends Error {
  override name = 'NoIdentity'
}

/**
 * `data` is the cluster's folder if there is one (its owner is kept), `reach` the folders PostgreSQL has to get into.
 * Throws `NoIdentity`.
 */
export async function identity(data: string, reach: string[]): Promise<Identity> {
  const setpriv = process.platform === 'linux' ? await find('setpriv') : undefined
  const owner = await stat(data).catch(() => undefined)
  const self = process.getuid?.()
  // SIGINT is PostgreSQL's fast shutdown.
  const withParent = setpriv ? [setpriv, '--pdeathsig', 'INT'] : []
  if (self !== 0) {
    if (owner && owner.uid !== self) {
      throw new NoIdentity(`${data} belongs to user ${owner.uid}: start as that user or as root`)
    }
    return { prefix: withParent, own: async () => {} }
  }

  const user = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : await unprivileged()
  const own = (path: string) => chown(path, user.uid, user.gid)
  if (!setpriv) return { user, prefix: [], own }
  const become = ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups']
  const open = (await Promise.all(reach.map((path) => traversable(path, user)))).every(Boolean)
  // access(2), which PostgreSQL asks about its own program, forgets capabilities of other users without this bit.
  const passing = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup']
  return { user, prefix: [...withParent, ...become, ...(open ? [] : passing)], own }
}

async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.match(new RegExp(`^${name}:.*$`, 'm'))?.[0].split(':') ?? []
    if (uid && gid) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
  }
  throw new NoIdentity('PostgreSQL does not run as root and there is no user postgres or nobody: start as another user')
}

async function traversable(path: string, user: { uid: number; gid: number }): Promise<boolean> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if (!(mode & bit)) return false
    if (at === dirname(at)) return true
  }
}

async function find(program: string): Promise<string | undefined> {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin']) {
    if (await stat(`${folder}/${program}`).catch(() => undefined)) return `${folder}/${program}`
  }
}

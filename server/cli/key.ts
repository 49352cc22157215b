// Keys of the media API: made, listed, revoked.
import { clientNamed, findOrCreateClient } from '#server/clients.ts'
import type { House } from '#server/house.ts'
import { createKey, findKey, type KeyRow, listKeys, revokeKey } from '#server/keys.ts'
import type { KeyAdd } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { table } from './figures.ts'

/** The key alone on stdout, once; with `json` its webhook secret beside it. */
export async function add(house: House, { client, scopes, title, expiresAt, json }: KeyAdd): Promise<ExitCode> {
  const { id: clientId } = await findOrCreateClient(house, 'cli', client)
  const { id, key, webhookSecret } = await createKey(house, 'cli', { clientId, scopes, name: title, expiresAt })
  const facts = { id, key, webhookSecret, clientId, scopes, expiresAt: expiresAt?.toISOString() ?? null }
  process.stdout.write(`${json ? JSON.stringify(facts) : key}\n`)
  say('This is shown once: nobody can read it here again.')
  return exit.done
}

export async function list(house: House, { client, json }: { client?: string; json: boolean }): Promise<ExitCode> {
  const keys = await listKeys(house, client === undefined ? undefined : (await clientNamed(house, client)).id)
  if (json) for (const key of keys) process.stdout.write(`${JSON.stringify(key)}\n`)
  else
    process.stdout.write(
      table([['key', 'client', 'name', 'scopes', 'state', 'expires', 'last used'], ...keys.map(rowOf)]),
    )
  return exit.done
}

export async function revoke(house: House, key: string): Promise<ExitCode> {
  const { id } = await findKey(house, key)
  await revokeKey(house, 'cli', id)
  say('Revoked: it is not taken any more.')
  return exit.done
}

function rowOf({ prefix, client, name, scopes, state, expiresAt, lastUsedAt }: KeyRow): string[] {
  const day = (at: Date | null, none: string) => at?.toISOString().slice(0, 10) ?? none
  return [prefix, client.name, name, scopes.join(','), state, day(expiresAt, 'never'), day(lastUsedAt, 'never')]
}

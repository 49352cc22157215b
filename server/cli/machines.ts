// For whoever runs the processes: database and first person made ready, and how many workers there should be.
import { hostname } from 'node:os'
import { firstAdministrator } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { operations } from '#server/operations.ts'
import { type ExitCode, exit } from './endings.ts'
import { count, table } from './figures.ts'

/** Every command with a DATABASE_URL has brought tables and queues up to date by now; here somebody can sign in too. */
export async function prepare(house: House): Promise<ExitCode> {
  const first = await firstAdministrator(house)
  if (first) process.stdout.write(`${first.email} ${first.password}\n`)
  return exit.done
}

/** What a scaler follows: one line a group. */
export async function groups(house: House, json: boolean): Promise<ExitCode> {
  const rows = (await operations(house)).groups.map(({ group, working, wanted: { workers, because, queue } }) => ({
    group,
    working,
    wanted: workers,
    because,
    queue,
  }))
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else
    process.stdout.write(
      table([
        ['group', 'working', 'wanted', 'because', 'queue'],
        ...rows.map(({ group, working, wanted, because, queue }) => {
          return [group, count(working), count(wanted), because, queue ?? '']
        }),
      ]),
    )
  return exit.done
}

/** Whether a worker of this machine, or container, has shown itself within the last 20 s. */
export async function here(house: House): Promise<ExitCode> {
  const { workers } = await operations(house)
  return workers.some(({ host, isSilent }) => host === hostname() && !isSilent) ? exit.done : exit.other
}

// What a command shows while a run moves: JSON lines, a live block in a terminal, or a line now and then.
import type { Writable } from 'node:stream'
import type { FailureGroup } from '#server/failures.ts'
import { type ProviderId, providers } from '#server/providers.ts'
import type { Snapshot } from '#server/snapshots.ts'
import { waitWords } from '#server/wait-words.ts'
import { bar, bytes, count, duration } from './figures.ts'

export interface Display {
  show(snapshot: Snapshot, failures: FailureGroup[]): void
  /** The last word; nothing is shown after it. */
  end(snapshot: Snapshot, failures: FailureGroup[]): void
}

/** What runs cost to count by cause is only spent where it is shown. */
export type Shows = Display & { failures: boolean }

const quietMilliseconds = 5_000 // a line although nothing changed: whoever reads knows that we live

/** Exactly the lines of contract §3, on `out`. */
export function jsonLines(out: Writable): Shows {
  let last = { text: '', at: 0 }
  const put = (value: object) => out.write(`${JSON.stringify(value)}\n`)
  return {
    failures: false,
    show(snapshot) {
      const { run, state, perSecond, secondsLeft } = snapshot
      const value = { type: 'snapshot', run, state, totals: totalsOf(snapshot), perSecond, secondsLeft }
      const text = JSON.stringify(value)
      if (text === last.text && Date.now() - last.at < quietMilliseconds) return
      last = { text, at: Date.now() }
      put(value)
    },
    end(snapshot) {
      put({ type: 'result', run: snapshot.run, state: snapshot.state, totals: totalsOf(snapshot) })
    },
  }
}

export function totalsOf({ totals }: Pick<Snapshot, 'totals'>) {
  const { galleries, found, stored, rendered, published, skipped, failed, bytes } = totals
  return { galleries, found, stored, rendered, published, skipped, failed, bytes }
}

/** A block of lines that is drawn over itself. */
export function liveBlock(terminal: Writable & { columns?: number }): Shows {
  let drawn = 0
  const draw = (lines: string[]) => {
    const width = Math.max(20, (terminal.columns || 80) - 1)
    const back = drawn > 0 ? `\x1b[${drawn}A\x1b[0J` : ''
    terminal.write(back + lines.map((line) => `${[...line].slice(0, width).join('')}\n`).join(''))
    drawn = lines.length
  }
  return {
    failures: true,
    show: (snapshot, failures) => draw(block(snapshot, failures)),
    end: (snapshot, failures) => draw(block(snapshot, failures)),
  }
}

/** For logs: a line when something moved, every ten seconds at the most. */
export function plainLines(out: Writable): Shows {
  let last = { text: '', at: 0 }
  return {
    failures: false,
    show(snapshot) {
      const text = [
        summary(snapshot),
        ...waits(snapshot),
        ...(snapshot.state === 'surveying' && snapshot.todo ? [snapshot.todo] : []),
      ].join('\n')
      if (text === last.text || Date.now() - last.at < 10_000) return
      last = { text, at: Date.now() }
      out.write(`${text}\n`)
    },
    end(snapshot, failures) {
      out.write(`${[summary(snapshot), ...causes(failures)].join('\n')}\n`)
    },
  }
}

/** All there is to say of a run, as lines: its stages, its pace, what went wrong. */
export function block(snapshot: Snapshot, failures: FailureGroup[]): string[] {
  const { client, provider, state, stages, retrying, thaw, hosts, todo, passwordsMissing, session } = snapshot
  return [
    `${client.name} · ${provider ?? snapshot.kind} · run ${snapshot.run} · ${words(state)}`,
    ...stages.map(({ name, state, done, of }) => {
      const figures = of === null ? (done > 0 ? count(done) : '') : `${count(done)} of ${count(of)}`
      return `${name.padEnd(8)} ${bar(done, of, 30)} ${state === 'waiting' ? '' : figures}`.trimEnd()
    }),
    pace(snapshot),
    ...(retrying.photos > 0 ? [`${count(retrying.photos)} are tried again`] : []),
    ...(thaw ? [`${count(thaw.galleries)} galleries are being brought back from the provider's archive`] : []),
    ...hosts.map(({ host, blockedUntil, reason, pausedBy }) =>
      blockedUntil
        ? `${host} asked us to wait until ${clock(blockedUntil)}${reason ? ` (${reason})` : ''}`
        : `${host} is not asked anything: ${pausedBy ?? 'somebody'} has paused it`,
    ),
    ...(passwordsMissing > 0
      ? [`${count(passwordsMissing)} galleries are private until their password is filled in`]
      : []),
    ...(session?.endsAt ? [`the session that was handed over ends at about ${clock(session.endsAt)}`] : []),
    ...waits(snapshot),
    ...causes(failures),
    ...(todo ? [todo] : []),
  ]
}

/** What keeps it from moving, as the run page says it. */
function waits({ provider, priority, stopped, pausedQueues, unserved, stalledSince, behindRuns }: Snapshot): string[] {
  const title = provider === null ? '' : (providers[provider as ProviderId]?.title ?? provider)
  return [
    ...(stalledSince
      ? [`Stalled. Nobody has worked on it since ${clock(stalledSince)}: ${waitWords.stalled(unserved)}`]
      : unserved.length > 0
        ? [waitWords.unserved(unserved)]
        : []),
    ...(behindRuns === null
      ? []
      : [waitWords.behind(behindRuns === 1 ? '1 other run' : `${count(behindRuns)} other runs`, priority)]),
    ...(stopped ? [waitWords.providerStopped(title, stopped)] : []),
    ...pausedQueues.map(waitWords.queuePaused),
  ]
}

function summary(snapshot: Snapshot): string {
  const { totals, statedPhotos, state } = snapshot
  const of = Math.max(totals.found, statedPhotos ?? 0)
  const wrong =
    totals.failed + totals.skipped > 0 ? ` · ${count(totals.failed)} failed, ${count(totals.skipped)} skipped` : ''
  return `${words(state)} · ${count(totals.copied)} of ${count(of)} photos copied, ${count(totals.published)} published${wrong} · ${pace(snapshot)}`
}

function pace({ totals, perSecond, bytesPerSecond, secondsLeft }: Snapshot): string {
  const rate = perSecond > 0 ? ` · ${perSecond.toFixed(1)} photos/s, ${bytes(bytesPerSecond)}/s` : ''
  return `${bytes(totals.bytes)}${rate}${secondsLeft ? ` · ${duration(secondsLeft)} left` : ''}`
}

const causes = (failures: FailureGroup[]) =>
  failures.map(({ state, code, count: n, example }) => {
    return `${state.padEnd(8)} ${count(n).padStart(6)}  ${code}  (${example.filename ?? 'a photo'} in ${example.gallery})`
  })

/** In this terminal's own time. */
const clock = (time: string) => new Date(time).toTimeString().slice(0, 8)

const words = (state: string) => state.replaceAll('_', ' ')

// What a benchmark has found: values, or ratios to a baseline of the same run, held against their targets.
import { availableParallelism, cpus, loadavg } from 'node:os'

export interface Figure {
  name: string
  unit: string
  value: number
  /** Measured in the same run, in the same unit. */
  baseline?: number
  /** Of value to baseline in each round: the median is judged. Absent where `value` itself is. */
  ratios?: number[]
  /** Absent: for information. */
  target?: { least: number } | { most: number }
}

export interface Findings {
  figures: Figure[]
  /** What a reader has to know about them. */
  notes: string[]
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A figure of rounds that were measured in turns with their baseline. */
export function compared(
  name: string,
  unit: string,
  values: number[],
  baselines: number[],
  target?: Figure['target'],
): Figure {
  const ratios = values.map((value, round) => value / baselines[round]!)
  return { name, unit, value: median(values), baseline: median(baselines), ratios, target }
}

const judged = ({ ratios, value }: Figure) => (ratios ? median(ratios) : value)

/** True where there is no target. */
export function isMet(figure: Figure): boolean {
  const { target } = figure
  if (!target) return true
  return 'least' in target ? judged(figure) >= target.least : judged(figure) <= target.most
}

export function asJson(bench: string, { figures, notes }: Findings): string {
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model ?? null, load: loadavg()[0] }
  const told = figures.map((figure) => ({
    ...figure,
    ...(figure.ratios ? { ratio: median(figure.ratios) } : {}),
    met: figure.target ? isMet(figure) : null,
  }))
  return JSON.stringify({ bench, met: figures.every(isMet), machine, figures: told, notes })
}

export function asTable(bench: string, { figures, notes }: Findings): string {
  const rows = figures.map((figure) => {
    const { name, unit, value, baseline, ratios, target } = figure
    return [
      name,
      short(value),
      unit,
      baseline === undefined ? '' : short(baseline),
      ratios ? median(ratios).toFixed(2) : '',
      ratios && ratios.length > 1 ? `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}` : '',
      target ? ('least' in target ? `≥ ${target.least}` : `≤ ${target.most}`) : '',
      target ? (isMet(figure) ? 'met' : 'MISSED') : '',
    ]
  })
  const head = [bench, 'measured', 'unit', 'baseline', 'ratio', 'spread', 'target', '']
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)))
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, at) => (at === 1 || at === 3 || at === 4 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  )
  const load = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load ${loadavg()[0]!.toFixed(1)} at the end`
  return [...lines, '', ...notes.map((note) => `- ${note}`), `- ${load}`, ''].join('\n')
}

function short(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3)
}

/** Requests a second: fewer digits where they say nothing. */
export function figure(rate: number): string {
  return rate.toLocaleString(undefined, { maximumFractionDigits: rate < 1 ? 2 : rate < 10 ? 1 : 0 })
}

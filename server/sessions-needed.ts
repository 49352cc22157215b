// How often somebody has to sign in and hand over the session, where only a person can.

/** At the least and at the most; `seconds` is the time the run is expected to take, a session lives for `hours`. */
export function sessionsNeeded([low, high]: readonly [number, number], hours: number): [number, number] {
  const of = (seconds: number) => Math.max(1, Math.ceil(seconds / 3600 / hours))
  return [of(low), of(high)]
}

/** For a person, before the run is started. `hours` null: how long a session lives is not known. */
export function sessionsSentence(hours: number | null, seconds: readonly [number, number] | null): string {
  if (hours === null)
    return 'It goes by a session that was handed over and may end at any time: when it does, you are asked for the next one, and the run goes on where it was.'
  const [low, high] = seconds ? sessionsNeeded(seconds, hours) : [null, null]
  const lives = `It goes by a session that was handed over; one lives about ${hours.toLocaleString('en', { maximumFractionDigits: 1 })} h`
  if (low === null || high === null) return `${lives}. You are asked for the next one half an hour before.`
  if (high === 1) return `${lives}, and one will do.`
  const number = low === high ? `${low}` : `${low} to ${high}`
  return `${lives}, so ${number} will be needed. You are asked for the next one half an hour before the last one ends.`
}

const remembered = 1000

/** What was asked of the stand-in since the last reset. Lists keep the first thousand entries, counts keep all. */
export class RequestBook {
  total = 0
  byMethod: Record<string, number> = {}
  writes: string[] = []
  unknown: string[] = []
  signIns = 0
  originals = 0
  sized = 0
  refused = 0
  bytes = 0

  method(name: string): void {
    this.byMethod[name] = (this.byMethod[name] ?? 0) + 1
  }

  write(what: string): void {
    if (this.writes.length < remembered) this.writes.push(what)
  }

  unknownMethod(what: string): void {
    if (this.unknown.length < remembered) this.unknown.push(what)
  }

  reset(): void {
    Object.assign(this, new RequestBook())
  }
}

import { setFlagsFromString } from 'node:v8'

/**
 * For processes through which pictures flow: V8 takes bytes that only pass for a heap that grows, and walks all of the
 * real one for every 15 MB of them, which is half the processor time of large originals.
 */
export function letBytesPass(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

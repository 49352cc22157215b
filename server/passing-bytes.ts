import { setFlagsFromString } from 'node:v8'

/**
 * For processes through which pictures flow: V8 takes bytes that only pass for a heap that grows, and walks all of the
 * real one for every 15 MB of them, which is half the processor time of large originals.
 */
export function letBytesPass(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

/**
 * Where bytes pass, heap and bytes may grow to twice or four times what is alive before V8 looks: 100 to 200 MB where a
 * crowd's pictures have waited long enough to be taken for old. At 70 percent more the media process pays nothing that
 * could be measured, with pictures of 60 kB as of 190 MB; workers, which move those of 5 MB, would pay up to an eighth.
 */
export function clearSooner(): void {
  setFlagsFromString('--heap-growing-percent=70')
}

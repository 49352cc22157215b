/**
 * What a process through which pictures flow, the media process as each worker, needs in its environment before it
 * begins: enough threads that syncs of the files store and decoding do not wait for each other, few malloc arenas
 * (100 MB less resident memory while rendering) and a small young generation (another 100 MB less: it would grow to its
 * 48 MB while modules are loaded, and stay).
 */
export const processEnvironment = {
  UV_THREADPOOL_SIZE: '16',
  MALLOC_ARENA_MAX: '2',
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --max-semi-space-size=4`.trimStart(),
}

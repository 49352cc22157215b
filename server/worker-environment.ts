/**
 * What a worker process needs in its environment before it begins: enough threads that syncs of the files store and
 * decoding do not wait for each other, and few malloc arenas (about 80 MB less resident memory while rendering).
 */
export const workerEnvironment = { UV_THREADPOOL_SIZE: '16', MALLOC_ARENA_MAX: '2' }

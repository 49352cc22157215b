// Acts as people read them. One that this console does not know yet is shown by its own name.
const kinds: Record<string, string> = {
  client: 'Clients',
  deletion: 'Deletions',
  gallery: 'Galleries',
  host: 'Hosts',
  key: 'Keys',
  link: 'Shared links',
  photos: 'Photos',
  preset: 'Presets',
  provider: 'Providers',
  queue: 'Queues',
  retention: 'Retention',
  run: 'Runs',
  session: 'Sessions',
  settings: 'Settings',
  source: 'Sources',
  store: 'Store',
  user: 'People',
  watermark: 'Watermarks',
  webhook: 'Webhooks',
  worker: 'Workers',
  audit: 'Audit',
}

const acts: Record<string, string> = {
  'client.approve': 'approved what came',
  'client.create': 'added the client',
  'client.delete': 'asked to delete the client',
  'client.mailed': 'changed whether the client is written to',
  'client.report_problem': 'reported a problem',
  'client.settle_problem': 'settled a problem',
  'deletion.done': 'deleted for good',
  'deletion.restore': 'restored what was to be deleted',
  'gallery.delete': 'asked to delete a gallery',
  'gallery.password': 'set a gallery’s password',
  'gallery.passwords': 'set galleries’ passwords by list',
  'host.set': 'set the pace of a host',
  'key.create': 'made a key',
  'key.revoke': 'revoked a key',
  'link.create': 'shared a link',
  'link.revoke': 'withdrew a link',
  'photos.delete': 'asked to delete photos',
  'preset.remove': 'removed a preset',
  'preset.save': 'saved a preset',
  'provider.stop': 'stopped a provider',
  'provider.let': 'let a provider be asked again',
  'queue.pause': 'paused a queue',
  'queue.resume': 'resumed a queue',
  'queue.clear': 'cleared a queue',
  'retention.set': 'set how long things are kept',
  'run.accept': 'accepted what was skipped',
  'run.assign': 'gave a run to somebody',
  'run.cancel': 'cancelled a run',
  'run.capture': 'had evidence of failures kept',
  'run.choose': 'chose galleries',
  'run.create': 'made a run',
  'run.download': 'downloaded a document of a run',
  'run.finish_without': 'finished a run without what was missing',
  'run.pause': 'paused a run',
  'run.prioritise': 'said whose work comes first',
  'run.resume': 'resumed a run',
  'run.retry': 'had photos tried again',
  'run.start': 'started a run',
  'runs.export': 'asked for the list of runs as a file',
  'runs.download': 'downloaded the list of runs',
  'session.end': 'ended a session',
  'settings.change': 'changed a setting',
  'source.connect': 'connected a source',
  'source.create': 'added a source',
  'source.credentials': 'replaced credentials',
  'store.lifecycle': 'set the life cycle of the store',
  'store.orphans': 'removed objects that nobody needs',
  'user.add': 'added a person',
  'user.change': 'changed a person',
  'user.drop_second_factor': 'took a second factor away',
  'user.invitation_revoke': 'withdrew an invitation',
  'user.invite': 'invited a person',
  'watermark.put': 'put a watermark',
  'watermark.remove': 'removed a watermark',
  'webhook.replay': 'sent messages anew',
  'worker.drain': 'drained a worker',
  'worker.work': 'let a worker work again',
  'audit.download': 'downloaded the audit',
}

export const wordsOfAct = (act: string) => acts[act] ?? act.replaceAll(/[._]/g, ' ')

const singular: Record<string, string> = {
  key: 'key',
  link: 'link',
  preset: 'preset',
  source: 'source',
  user: 'person',
  watermark: 'watermark',
  webhook: 'message',
  worker: 'worker',
  gallery: 'gallery',
  deletion: 'deletion',
}

/** What an act was upon, where its id is all there is to say of it. */
export const wordOfKind = (act: string) => singular[act.split('.')[0]!] ?? ''

/** `expiresAt` → "expires", `photosAsked` → "photos asked". */
export const wordOfDetail = (name: string) =>
  name
    .replace(/At$/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replaceAll('_', ' ')

/** For a select: whole kinds first, then each act, by kind. */
export function choicesOfActs(known: string[]): { group: string; items: { value: string; label: string }[] }[] {
  const byKind = Map.groupBy(known, (act) => act.split('.')[0]!)
  return [...byKind].map(([kind, of]) => ({
    group: kinds[kind] ?? kind,
    items: [
      { value: `${kind}.`, label: `everything about ${(kinds[kind] ?? kind).toLowerCase()}` },
      ...of.map((act) => ({ value: act, label: wordsOfAct(act) })),
    ],
  }))
}

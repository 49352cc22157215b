// Work that came to a bad end and lies before a person: by the queue it stands at.

export const failingSteps = [
  'survey-source',
  'list-gallery',
  'build-gallery',
  'fetch-photos',
  'render-photos',
  'reconcile-gallery',
] as const
export type FailingStep = (typeof failingSteps)[number]

/** SQL over `galleries`: a gallery that needs a look stands at what it lacks. */
export const stepOfGallery =
  "case when listed_at is null then 'list-gallery' when built_at is null then 'build-gallery' else 'reconcile-gallery' end"

/** SQL: ids of the runs that have some. Each by a partial index: what is well costs nothing. */
export function runsFailedAt(step: FailingStep): string {
  if (step === 'survey-source') return "select id from runs where state = 'blocked' and started_at is null"
  if (step === 'fetch-photos' || step === 'render-photos')
    return `select run_id from photos where state = 'failed' and step = '${step}'`
  return `select run_id from galleries where state = 'attention' and ${stepOfGallery} = '${step}'`
}

// What a run tells, in words of people: what comes along, what becomes of it, what happened.

/** The kinds of contract §4, as people call them. */
export const fieldWords: Record<string, string> = {
  folders: 'Folders',
  sets: 'Sets',
  order: 'Order',
  covers: 'Covers',
  dates: 'Dates',
  descriptions: 'Descriptions',
  captions: 'Captions',
  keywords: 'Keywords',
  access: 'Who may see what',
  passwords: 'Gallery passwords',
  expiry: 'Expiry dates',
  favourites: 'Favourite lists',
  stars: 'Stars',
  videos: 'Videos',
  files: 'Other files',
  takenAt: 'When taken',
  filenames: 'File names',
}

/** What becomes of a kind. */
export const fateWords = {
  kept: 'Comes along',
  mapped: 'Comes along, changed',
  lost: 'Does not come along',
  not_offered: 'Not offered by this provider',
} as const

/** Whose work comes first. */
export const priorityWords = {
  first: { word: 'first', badge: 'comes first', means: 'Before the turns of all other runs.' },
  normal: { word: 'in turn', badge: null, means: 'Runs take turns, however large they are.' },
  last: { word: 'last', badge: 'comes last', means: 'When no other run has work that could be done.' },
} as const

/** What happened to a run, for its timeline. */
export const eventWords: Record<string, string> = {
  copied_again: 'Copied originals again that the store had lost',
  created: 'Created',
  planned: 'Survey finished',
  chosen: 'Chose galleries',
  started: 'Started',
  gone_at_source: 'Kept photos that the provider has no more',
  assigned: 'Given to',
  prioritised: 'Its work is taken',
  paused: 'Paused',
  resumed: 'Resumed',
  cancelled: 'Cancelled',
  blocked: 'Waits for a person',
  retried: 'Tried again',
  accepted: 'Accepted as it is',
  finished: 'Finished',
  finished_without: 'Finished without the missing files',
  waiting: 'Waits for the provider',
  thawed: 'The provider brought it back',
  unrecognised: 'Kept an answer that was not recognised',
  capture_asked: 'Keeps evidence of what fails for an hour',
  captured: 'Kept the requests that led to a failure',
  cause_ignored: 'Set a cause aside',
  cause_resolved: 'Called a cause resolved',
  cause_reopened: 'Opened a cause again',
  trouble: 'Did not work at once',
  attention: 'A gallery needs a look',
  approved: 'The photographer says that everything is right',
  problem_reported: 'The photographer reports a problem',
  problem_settled: 'Answered the photographer',
}

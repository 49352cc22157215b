// What a code means in plain words and what can be done about it. One table: code → what happened → what you can do.
// The code itself is always shown beside it, as programs and reports know it.

export interface CodeWords {
  title: string
  /** What happened. */
  what: string
  /** What the person at the screen can do; null where nothing is to be done. */
  todo: string | null
}

const tryAgain = 'Try again; if it comes back, open the photo at the provider and see whether it loads there.'
const originalSafe = 'The original is safe and byte-exact; only its picture is missing.'

const codes: Record<string, CodeWords> = {
  gone_at_source: {
    title: 'Gone at the provider',
    what: 'The provider listed it, but when we came for it, it was not there any more.',
    todo: 'Nothing to repeat. Ask the client whether it was deleted on purpose.',
  },
  not_available: {
    title: 'Not available',
    what: 'The provider shows it but does not hand out the file.',
    todo: 'Ask the client whether downloads are switched off for it at the provider.',
  },
  excluded: { title: 'Left out on purpose', what: 'It was decided not to take it.', todo: null },
  truncated: {
    title: 'Cut off on the way',
    what: 'Every time the file ended before its stated length.',
    todo: tryAgain,
  },
  truncated_image: {
    title: 'Picture is incomplete',
    what: 'The file arrived whole, but the picture in it breaks off: it is damaged at the provider.',
    todo: 'Ask the client for another copy, or try again if the provider has repaired it.',
  },
  corrupt_image: {
    title: 'Picture is damaged',
    what: 'The file cannot be read as a picture.',
    todo: 'Look at it at the provider; if it is broken there too, ask the client for another copy.',
  },
  empty_file: { title: 'Empty file', what: 'The provider sent no bytes at all.', todo: tryAgain },
  not_an_image: {
    title: 'Not a picture',
    what: 'Something else came where a picture was due, often a sign-in or error page.',
    todo: 'Test the connection of the source, then try again.',
  },
  format_not_allowed: {
    title: 'Format not shown',
    what: `This kind of file is kept but not shown. ${originalSafe}`,
    todo: null,
  },
  unsupported_codec: {
    title: 'Cannot be shown yet',
    what: `Its encoding cannot be decoded here. ${originalSafe}`,
    todo: null,
  },
  too_many_pixels: {
    title: 'Too large to show',
    what: `It has more pixels than we decode. ${originalSafe}`,
    todo: null,
  },
  too_many_frames: {
    title: 'Too many frames',
    what: `The animation is longer than we decode. ${originalSafe}`,
    todo: null,
  },
  bad_dimensions: { title: 'Impossible size', what: `Width or height make no sense. ${originalSafe}`, todo: null },
  output_too_large: { title: 'Picture came out too large', what: originalSafe, todo: null },
  processing_timeout: {
    title: 'Took too long to render',
    what: originalSafe,
    todo: 'Try again when less is going on.',
  },
  resource_limit: {
    title: 'Too heavy to render',
    what: `It needs more memory than a worker has. ${originalSafe}`,
    todo: 'Try again when less is going on.',
  },
  rendition_missing: {
    title: 'Rendition missing',
    what: 'A picture that should be in the store is not there.',
    todo: 'Try again: it is made from the original.',
  },
  invalid_watermark: {
    title: 'Watermark unusable',
    what: 'The watermark of these instructions cannot be used.',
    todo: 'Correct the instructions, then try again.',
  },
  checksum_mismatch: {
    title: 'Bytes changed on the way',
    what: 'What arrived does not match its checksum.',
    todo: 'Try again: it is fetched anew from the provider.',
  },
  size_mismatch: { title: 'Size does not match', what: 'It is not as long as the provider says.', todo: tryAgain },
  object_missing: {
    title: 'Missing in our store',
    what: 'The ledger knows it, the store does not have it.',
    todo: 'Try again: it is fetched anew.',
  },
  source_error: {
    title: 'Provider had an error',
    what: 'The provider answered with an error of its own, every time.',
    todo: 'Try again later.',
  },
  source_timeout: {
    title: 'Provider did not answer in time',
    what: 'No answer came, every time.',
    todo: 'Try again later.',
  },
  source_unreachable: {
    title: 'Provider not reachable',
    what: 'No connection could be made, every time.',
    todo: 'Test the connection of the source, then try again.',
  },
  answer_too_large: {
    title: 'Answer too large',
    what: 'The provider sent more than any such answer should have.',
    todo: tryAgain,
  },
  address_refused: {
    title: 'Address refused',
    what: 'The provider pointed to an address that we do not visit.',
    todo: 'Check the endpoints of the source.',
  },
  rate_limited: {
    title: 'Provider asks to slow down',
    what: 'We wait as long as it asks and go on by ourselves.',
    todo: null,
  },
  host_resting: {
    title: 'Provider is resting',
    what: 'It had too many errors; we wait a little and go on by ourselves.',
    todo: null,
  },
  session_expired: { title: 'Signed out by the provider', what: 'A new sign-in follows by itself.', todo: null },
  photos_failed: {
    title: 'Some photos did not come',
    what: 'The gallery is here, but photos of it failed.',
    todo: 'Look at what failed and try that again.',
  },
  count_differs: {
    title: 'Number of photos differs',
    what: 'We hold another number of photos than the provider says there are.',
    todo: 'Check for changes: the gallery is listed anew.',
  },
  cover_missing: {
    title: 'Cover is missing',
    what: 'The picture that stands for the gallery is not among the photos that are here.',
    todo: 'Choose another cover, or check for changes.',
  },
  order_broken: {
    title: 'Order is not certain',
    what: 'Two photos were listed at the same place of a set.',
    todo: 'Check for changes: the gallery is listed anew.',
  },
  photos_unplaced: {
    title: 'Photos without a place',
    what: 'Photos are here that the gallery shows in none of its sets.',
    todo: 'Check for changes: the gallery is listed anew.',
  },
  sets_differ: {
    title: 'Sets differ',
    what: 'Photos were listed in sets that the provider does not name among those of the gallery.',
    todo: 'Compare the sets with the provider, then check for changes.',
  },
  access_differs: {
    title: 'Access is not certain',
    what: 'The provider told two things of who may see the gallery, or a password that it tells did not come along.',
    todo: 'Check at the provider who may see it, then check for changes.',
  },
  sign_in_refused: {
    title: 'Sign-in refused',
    what: 'The provider did not take the credentials.',
    todo: 'Enter the credentials again, then resume.',
  },
  challenge: {
    title: 'Provider asks for a person',
    what: 'A captcha or a second factor is asked for.',
    todo: 'Sign in at the provider in an ordinary browser and hand over the session.',
  },
  thaw_by_hand: {
    title: 'Archive asks for a person',
    what: 'The provider’s archive brings these galleries back only when somebody asks for it there.',
    todo: 'Ask for them at the provider, then resume: what is back is copied.',
  },
  credentials_missing: {
    title: 'Credentials not kept',
    what: 'They were forgotten when an earlier run closed.',
    todo: 'Enter the credentials again, then resume.',
  },
  unexpected_page: {
    title: 'Provider changed something',
    what: 'An answer was not recognised. Nothing was guessed; the answer is kept as evidence.',
    todo: 'Tell the developers; retry once the connector knows the new shape.',
  },
  password_needed: {
    title: 'Gallery needs a password',
    what: 'The provider does not open it without its password.',
    todo: 'Ask the client for the password.',
  },
  count_mismatch: {
    title: 'Counts do not agree',
    what: 'The provider states another number of photos than it lists.',
    todo: 'Try again: the gallery is listed anew.',
  },
  unknown_gallery: { title: 'Gallery not found', what: 'The account has no such gallery.', todo: null },
  worker_lost: {
    title: 'Broke its worker',
    what: 'Every worker that took it stopped: the file is set aside.',
    todo: 'Try again once; if it breaks again, tell the developers.',
  },
  disk_full: { title: 'Disk full', what: 'There was no room to work.', todo: 'Make room, then resume.' },
  insufficient_storage: {
    title: 'Store full',
    what: 'The store takes no more.',
    todo: 'Make room in the store, then resume.',
  },
  store_refused: {
    title: 'Store refused',
    what: 'The store does not take our keys.',
    todo: 'Renew the keys of the store, then resume.',
  },
  store_unavailable: {
    title: 'Store not available',
    what: 'The store did not answer; we go on by ourselves.',
    todo: null,
  },
  cancelled: { title: 'Cancelled', what: 'The run was ended by a person.', todo: null },
  paused: { title: 'Paused', what: 'The run was paused by a person.', todo: null },
}

const sendAgain = 'Bring the file in order and drop the folder again.'

/** Of uploads there is no provider to look at: their sender has the file. */
const ofUploads: Record<string, CodeWords> = {
  not_sent: {
    title: 'Not sent',
    what: 'It was announced, and the upload was finished without it.',
    todo: 'Drop the same folder again: only what is missing is sent.',
  },
  unreadable_file: {
    title: 'Could not be read',
    what: 'The sender’s computer did not let it be read: it was moved or removed, or it is locked.',
    todo: sendAgain,
  },
  file_changed: {
    title: 'Changed while it was sent',
    what: 'When its turn came it was not the announced file any more.',
    todo: 'Drop the folder again: the file is taken as it is now.',
  },
  file_too_large: { title: 'Too large', what: 'A file has at most 200 MB.', todo: null },
  empty_file: { title: 'Empty file', what: 'There is not one byte in it.', todo: sendAgain },
  not_an_image: {
    title: 'Not a picture',
    what: 'What is in the file is no picture, whatever its name says.',
    todo: null,
  },
  format_not_allowed: {
    title: 'Format not taken',
    what: 'It is a picture of a kind that cannot be shown here, such as RAW, SVG or PDF.',
    todo: 'Export it as JPEG, then drop the folder again.',
  },
  truncated_image: { title: 'Picture is incomplete', what: 'The end of the picture is missing.', todo: sendAgain },
  corrupt_image: { title: 'Picture is damaged', what: 'The file cannot be read as a picture.', todo: sendAgain },
  too_many_pixels: {
    title: 'Too many pixels',
    what: 'A picture has at most 100 million pixels.',
    todo: 'Export it smaller, then drop the folder again.',
  },
}

/** A code nobody has described yet still reads as words. */
export function wordsOfCode(code: string, kind: 'migration' | 'upload' = 'migration'): CodeWords {
  const named = code.replaceAll('_', ' ')
  const known = kind === 'upload' ? (ofUploads[code] ?? codes[code]) : codes[code]
  return (
    known ?? {
      title: named.charAt(0).toUpperCase() + named.slice(1),
      what: 'There is no description of this code yet.',
      todo: tryAgain,
    }
  )
}

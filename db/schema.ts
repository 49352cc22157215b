// The words, then every table: the one place from which the tables are had; each part is a file of `schema/`.
//
// client          a photographer or studio being onboarded; the tenant: every row belongs to one
// provider        a gallery host we read from
// connection      a person who went to a provider's own page to connect an account there, and is expected back
// source          one client's account at a provider: sign-in, health, endpoints
// run             one migration (from a source) or one upload (from files, URLs, the API); same ledger, steps, report
// folder, gallery, set, photo   the structure that is moved; a gallery sits at a path of folders and has sets
// placement       photo × set × position; a photo may be placed in several sets, or in a gallery other than its own
// favourite list  photos a visitor picked, with the list's name and owner
// original        the bytes as the provider held them; stored once per client under its SHA-256 (table `assets`)
// rendition       a picture made from an original by instructions
// manifest        the list of files that a sender announces for an upload run; its bytes follow
// ledger          the rows that say what became of every photo (galleries, photos, placements); the truth
// deletion        what a person asked to be removed: hidden at once, restorable until it is due, then gone for good
// step, queue, job   the code for one kind of work; its queue (same name); one queued call
// snapshot        the counted state of a run, as the console shows it

export * from './schema/failures.ts'
export * from './schema/ledger.ts'
export * from './schema/life-cycle.ts'
export * from './schema/operations.ts'
export * from './schema/originals.ts'
export * from './schema/people.ts'
export * from './schema/runs.ts'
export * from './schema/senders.ts'
export * from './schema/uploads.ts'

// The certificate on paper: A4, dark ink on white whatever the theme. Numbers and times are written the same for
// everybody, in UTC, since a sheet outlives the browser it was printed from.
import Link from 'next/link'
import type { CertificateSummary } from '#server/certificates.ts'
import { describeProviders } from '#server/trpc/providers.ts'
import { reasonOf } from '../../../../client-page/words.ts'
import { type GalleryCells, GalleryTable } from './gallery-table.tsx'
import { PrintButton } from './print-button.tsx'
import classes from './sheet.module.css'

type Gallery = CertificateSummary['galleries'][number]

interface Props {
  summary: CertificateSummary
  isStaff: boolean
  keyUrl: string
  /** Of a link, where nobody is signed in. */
  token: string | null
}

export function Sheet({ summary, isStaff, keyUrl, token }: Props) {
  const { statement, galleries } = summary
  const file = `/api/runs/${statement.run}/certificate${token ? `?token=${encodeURIComponent(token)}` : ''}`
  return (
    <div className={classes.page}>
      <nav className={classes.bar} aria-label="This sheet">
        {isStaff && <Link href={`/runs/${statement.run}`}>Back</Link>}
        <a href={file} download>
          Download as a file to check (NDJSON)
        </a>
        <PrintButton />
      </nav>
      <main id="content" className={classes.sheet}>
        <h1>Certificate of completeness</h1>
        <p className={classes.lead}>
          <Lead statement={statement} />
        </p>
        <Facts statement={statement} />
        <Differences galleries={galleries} from={titleOfProvider(statement.provider)} />
        <Galleries galleries={galleries} />
        <Proof summary={summary} keyUrl={keyUrl} />
      </main>
    </div>
  )
}

type Statement = CertificateSummary['statement']

function Lead({ statement }: { statement: Statement }) {
  const { photos, safe, galleries, verified, complete, finishedAt } = statement
  const here = `${count(safe)} of ${counted(photos, 'photo')} in ${counted(galleries, 'gallery', 'galleries')}`
  if (complete) return `Everything is here: ${here}, each copied byte for byte, and every gallery verified.`
  const more = galleries > verified ? ` ${counted(galleries - verified, 'gallery', 'galleries')} not verified.` : ''
  if (finishedAt === null) return `Not finished: ${here} are safe so far.${more} This sheet tells how it stands now.`
  return `${here} are safe.${more} What is different stands below.`
}

function Facts({ statement }: { statement: Statement }) {
  const { client, provider, kind, run, startedAt, finishedAt, issuedAt, bytes, galleries, verified, rows } = statement
  const facts: [string, string][] = [
    ['Photographer', client.name],
    ['From', kind === 'upload' ? 'Upload' : (titleOfProvider(provider) ?? 'unknown')],
    ['Reference', run],
    ['Started', startedAt ? moment(startedAt) : 'not yet'],
    ['Finished', finishedAt ? moment(finishedAt) : 'not yet'],
    ['This sheet', moment(issuedAt)],
    ['Galleries verified', `${count(verified)} of ${count(galleries)}`],
    ['Originals', size(bytes)],
    ['Places in sets', count(rows)],
  ]
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** More stand in the file. */
const mostGalleries = 200

function Differences({ galleries, from }: { galleries: Gallery[]; from: string | null }) {
  const different = galleries.filter(
    ({ verdict, differences }) => verdict !== 'verified' || Object.keys(differences.counts).length > 0,
  )
  return (
    <section>
      <h2>Differences</h2>
      {different.length === 0 && <p>None. Counts, order, sets, covers and access agree with what the provider told.</p>}
      {different.length > 0 && (
        <ul className={classes.differences}>
          {different.slice(0, mostGalleries).map((gallery) => (
            <Difference key={gallery.n} gallery={gallery} from={from} />
          ))}
        </ul>
      )}
      {different.length > mostGalleries && (
        <p>And {counted(different.length - mostGalleries, 'more gallery', 'more galleries')}, told in the file.</p>
      )}
    </section>
  )
}

function Difference({ gallery, from }: { gallery: Gallery; from: string | null }) {
  const { title, path, verdict, differences } = gallery
  return (
    <li>
      <b>{[...path, title].join(' / ')}</b>
      {verdict !== 'verified' && <p>{sentenceOf('galleries', verdict, from)}</p>}
      {Object.entries(differences.counts).map(([photoVerdict, photos]) => {
        const examples = differences.examples.filter((example) => example.verdict === photoVerdict)
        const names = examples.map(({ filename, photo }) => filename ?? photo)
        return (
          <p key={photoVerdict}>
            {counted(photos, 'photo')}: {sentenceOf('photos', photoVerdict, from)}{' '}
            <span className={classes.names}>
              {names.join(', ')}
              {photos > names.length && ` and ${count(photos - names.length)} more`}
            </span>
          </p>
        )
      })}
    </li>
  )
}

function Galleries({ galleries }: { galleries: Gallery[] }) {
  const rows = galleries.map(
    ({ path, title, stated, photos, safe, bytes, verdict, root }): GalleryCells => [
      [...path, title].join(' / '),
      stated === null ? 'not told' : count(stated),
      count(photos),
      count(safe),
      size(bytes),
      verdict === 'verified' ? '✓\u00a0Verified' : titleOf(verdict),
      `${root.slice(0, 16)}…`,
    ],
  )
  return (
    <section>
      <h2>Galleries</h2>
      <GalleryTable rows={rows} />
    </section>
  )
}

function Proof({ summary, keyUrl }: { summary: CertificateSummary; keyUrl: string }) {
  const { statement, signature } = summary
  return (
    <section className={classes.proof}>
      <h2>How to check it</h2>
      <p>
        Each photo at each place is one leaf of a Merkle tree (RFC 6962, SHA-256), each gallery has a root over its
        leaves, and this is the root over all galleries:
      </p>
      <p className={classes.long}>{statement.root}</p>
      <p>With the file beside this sheet, the store alone proves it; whatever differs is named, row by row:</p>
      <pre>npm run -s pass -- verify {statement.run} --deep --certificate certificate.ndjson</pre>
      <p>Who signed it can be checked without us; the key is at {keyUrl}:</p>
      <pre>{`tail -n 1 certificate.ndjson | jq -j .statement > statement
tail -n 1 certificate.ndjson | jq -j .signature | base64 -d > signature
openssl pkeyutl -verify -pubin -inkey certificate-key -rawin -in statement -sigfile signature`}</pre>
      <dl className={classes.signed}>
        <dt>Public key (Ed25519)</dt>
        <dd className={classes.long}>{statement.publicKey}</dd>
        <dt>Statement of this sheet</dt>
        <dd className={classes.long}>{JSON.stringify(statement)}</dd>
        <dt>Its signature</dt>
        <dd className={classes.long}>{signature}</dd>
      </dl>
    </section>
  )
}

const notFinished = ['found', 'planned', 'waiting', 'copying', 'moving']

/** `skipped:<code>` and `failed:<code>` of photos, codes and states of galleries. */
function titleOf(verdict: string): string {
  return notFinished.includes(verdict) ? 'Not finished' : reasonOf({ of: 'galleries', code: verdict }, []).title
}

function sentenceOf(of: 'galleries' | 'photos', verdict: string, from: string | null): string {
  if (notFinished.includes(verdict)) return 'Still on the way.'
  const { title, why } = reasonOf({ of, code: codeOf(verdict) }, from ? [from] : [])
  return `${title}. ${why}`
}

const titleOfProvider = (provider: string | null) =>
  describeProviders().find(({ id }) => id === provider)?.title ?? null

const codeOf = (verdict: string) => verdict.slice(verdict.indexOf(':') + 1)

const whole = new Intl.NumberFormat('en-GB')
const threeDigits = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 })
const count = (value: number) => whole.format(value)
const counted = (value: number, one: string, many = `${one}s`) => `${whole.format(value)} ${value === 1 ? one : many}`
const moment = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`

/** Decimal units. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${threeDigits.format(bytes / 1000 ** step)} ${units[step]}`
}

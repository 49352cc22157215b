// Proving what a run did: the ledger or a certificate, held against the store.
import { type FileHandle, open } from 'node:fs/promises'
import { certificateSummary } from '#server/certificates.ts'
import { type CertificateFinding, checkCertificate } from '#server/certificates-check.ts'
import type { House } from '#server/house.ts'
import { Refusal } from '#server/refusal.ts'
import { type Finding, verifyRun } from '#server/verify.ts'
import type { Verify } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { bytes, count } from './figures.ts'

const put = (text: string) => process.stdout.write(text)
const putLine = (value: object) => put(`${JSON.stringify(value)}\n`)

/** Every difference on a line of its own on stdout. Throws Refusal `not_found`, `unreadable_file`, `not_a_certificate`. */
export async function verify(house: House, { run, deep, certificate, json }: Verify): Promise<ExitCode> {
  if (certificate === undefined) return verifyLedger(house, run, deep, json)
  await using file = await opened(certificate)
  // Awaited here, before the file is closed.
  return await verifyCertificate(house, run, file, deep, json)
}

async function verifyLedger(house: House, run: string, deep: boolean, json: boolean): Promise<ExitCode> {
  const print = (finding: Finding) => (json ? putLine({ type: 'finding', ...finding }) : put(findingLine(finding)))
  const totals = await each(verifyRun(house, run, { deep }), print)
  const { root } = (await certificateSummary(house, run)).statement
  if (json) putLine({ type: 'result', run, totals, root })
  const looked = `${count(totals.objects)} objects of ${count(totals.photos)} photos, ${bytes(totals.bytes)}`
  return ending(totals.findings, looked, root)
}

async function verifyCertificate(
  house: House,
  run: string,
  file: FileHandle,
  deep: boolean,
  json: boolean,
): Promise<ExitCode> {
  const read = () => file.readLines({ start: 0, autoClose: false })
  const print = (finding: CertificateFinding) =>
    json ? putLine({ type: 'finding', ...finding }) : put(certificateFindingLine(finding))
  const { root, ...totals } = await each(checkCertificate(house, read, { run, deep }), print)
  if (json) putLine({ type: 'result', run, totals, root })
  const looked = `${count(totals.rows)} rows of ${count(totals.galleries)} galleries, ${bytes(totals.bytes)}`
  return ending(totals.findings, looked, root)
}

async function each<Found, Totals>(findings: AsyncGenerator<Found, Totals>, print: (found: Found) => void) {
  for (let step = await findings.next(); ; step = await findings.next()) {
    if (step.done) return step.value
    print(step.value)
  }
}

function ending(findings: number, looked: string, root: string): ExitCode {
  say(findings === 0 ? `All there: ${looked}. Root ${root}.` : `${count(findings)} findings in ${looked}.`)
  return findings === 0 ? exit.done : exit.incomplete
}

const findingLine = ({ problem, gallery, photo, key }: Finding) =>
  `${problem.padEnd(17)} ${gallery === null ? '' : `gallery ${gallery} photo ${photo} `}${key}\n`

function certificateFindingLine({ problem, line, gallery, photo, set, position, key }: CertificateFinding): string {
  const parts = [
    gallery === null ? null : `gallery ${gallery}`,
    photo === null ? null : `photo ${photo}`,
    position === null ? null : `${set === null ? '' : `set ${set} `}position ${position}`,
    key,
    line === null ? null : `(line ${line})`,
  ]
  return `${problem.padEnd(17)} ${parts.filter(Boolean).join(' ')}\n`
}

async function opened(name: string): Promise<FileHandle> {
  try {
    const file = await open(name, 'r')
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (cause) {
    throw new Refusal('unreadable_file', 422, `${name} cannot be read.`, { cause })
  }
  throw new Refusal('unreadable_file', 422, `${name} is not a file.`)
}

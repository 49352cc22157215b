// That README.md is enough to add a provider by: done word by word, in a copy of this checkout.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folder, indexImport, lines } from './conformance/made-up.ts'
import { sandboxFolder, sandboxImport, sandboxLines } from './conformance/made-up-stand-in.ts'

const checkout = resolve(import.meta.dirname, '../..')
let copy: string

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'made-up-'))
  for (const part of ['db', 'server', 'workers', 'sandbox', 'package.json', 'tsconfig.json'])
    await cp(join(checkout, part), join(copy, part), { recursive: true, filter: (path) => !path.endsWith('.test.ts') })
  await symlink(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  const only = {
    extends: './tsconfig.json',
    compilerOptions: { incremental: false },
    include: ['workers/connectors/index.ts'],
  }
  await writeFile(join(copy, 'tsconfig.made-up.json'), JSON.stringify(only))
})
afterAll(() => rm(copy, { recursive: true, force: true }))

test('the compiler asks for the second line once the first is there, and then for nothing', async () => {
  const [entry, connector] = lines
  await add(entry!)
  expect(await complaints()).toContainEqual(expect.stringMatching(/connectors\/index\.ts.*made-up/))
  await write('workers/connectors/made-up', folder)
  await add(connector!)
  await prepend('workers/connectors/index.ts', indexImport)
  expect(await complaints()).toEqual([])
}, 240_000)

test('its connector passes the suite against a stand-in of one folder and one line', async () => {
  await write('sandbox/made-up', sandboxFolder)
  for (const line of sandboxLines) await add(line)
  await prepend('sandbox/providers.ts', sandboxImport)
  const suite = ['run', 'connectors/made-up/', '--root', copy, '--testTimeout', '60000', '--hookTimeout', '60000']
  const { code, output } = await run('vitest', [...suite, '--no-color'])
  expect(output).toMatch(/Tests +\d{2} passed \(\d+\)/)
  expect(code).toBe(0)
}, 240_000)

/** Of the compiler, about the made-up provider and the list of connectors. */
async function complaints(): Promise<string[]> {
  const { output } = await run('tsc', ['-p', 'tsconfig.made-up.json', '--pretty', 'false'])
  return output.split('\n').filter((line) => /made-up|connectors\/index\.ts/.test(line))
}

async function add({ file, after, text }: { file: string; after: string; text: string }): Promise<void> {
  const before = await readFile(join(copy, file), 'utf8')
  expect(before.split(after)).toHaveLength(2)
  await writeFile(join(copy, file), before.replace(after, after + text))
}

async function prepend(file: string, text: string): Promise<void> {
  await writeFile(join(copy, file), text + (await readFile(join(copy, file), 'utf8')))
}

async function write(at: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(copy, at, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

async function run(program: string, args: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (name.startsWith('VITEST')) delete env[name]
  const child = spawn(join(checkout, 'node_modules/.bin', program), args, {
    cwd: copy,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 200_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
  const [code] = await once(child, 'close')
  return { code, output }
}

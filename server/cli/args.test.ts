import { expect, test } from 'vitest'
import { parseCommand, WrongUse } from './args.ts'

const parse = (line: string) => parseCommand(line.split(' ').filter((word) => word !== ''))

test('migrate takes what the contract names, repeated where it may be', () => {
  const line =
    'migrate --provider zenfolio --credentials c.json --endpoint api=http://x/?a=b --client Anna --only 1 --only 2 --renditions web --plan --report r --json'
  expect(parse(line)).toEqual({
    name: 'migrate',
    provider: 'zenfolio',
    credentials: 'c.json',
    endpoints: { api: 'http://x/?a=b' },
    client: 'Anna',
    only: ['1', '2'],
    renditions: ['web'],
    plan: true,
    report: 'r',
    json: true,
  })
})

test('without --renditions every preset is made, and none stands alone', () => {
  const base = 'migrate --provider p --credentials c'
  expect(parse(base)).toMatchObject({ renditions: ['thumb', 'web'], only: [], endpoints: {}, plan: false, json: false })
  expect(parse(`${base} --renditions none`)).toMatchObject({ renditions: ['none'] })
  expect(() => parse(`${base} --renditions none --renditions web`)).toThrow(WrongUse)
})

test.each([
  [
    'resume R --credentials c --report r --json',
    { name: 'resume', run: 'R', credentials: 'c', report: 'r', json: true },
  ],
  ['delta R', { name: 'delta', run: 'R', plan: false, report: undefined, json: false }],
  ['delta R --plan --report r --json', { name: 'delta', run: 'R', plan: true, report: 'r', json: true }],
  ['pause R', { name: 'pause', run: 'R' }],
  ['cancel R', { name: 'cancel', run: 'R' }],
  ['retry R --code truncated', { name: 'retry', run: 'R', code: 'truncated' }],
  ['runs --json', { name: 'runs', json: true }],
  ['status R', { name: 'status', run: 'R', json: false }],
  ['report R --out f', { name: 'report', run: 'R', out: 'f' }],
  ['verify R --deep', { name: 'verify', run: 'R', deep: true, json: false }],
  ['verify R --certificate c', { name: 'verify', run: 'R', deep: false, certificate: 'c', json: false }],
  ['worker scrape', { name: 'worker', group: 'scrape' }],
  ['workers', { name: 'workers', json: false, here: false }],
  ['workers --here --json', { name: 'workers', json: true, here: true }],
  ['prepare', { name: 'prepare' }],
  ['queues', { name: 'queues', json: false }],
  ['user add a@b.example --role staff', { name: 'user add', email: 'a@b.example', role: 'staff' }],
  ['store lifecycle', { name: 'store lifecycle', dryRun: false, json: false }],
  [
    'store lifecycle --client A --dry-run --archive COLD',
    { name: 'store lifecycle', client: 'A', dryRun: true, archive: 'COLD', json: false },
  ],
  ['store orphans --remove', { name: 'store orphans', remove: true, json: false }],
  ['--help', { name: 'help' }],
  ['migrate --help', { name: 'help' }],
])('understands: pass %s', (line, command) => {
  expect(parse(line)).toEqual(command)
})

test.each([
  '',
  'nothing',
  'constructor',
  'migrate',
  'migrate --provider p',
  'migrate --provider p --credentials c extra',
  'migrate --provider p --credentials c --endpoint api',
  'migrate --provider p --credentials c --endpoint =http://x',
  'migrate --provider p --credentials c --speed 9',
  'resume',
  'resume A B',
  'report R',
  'verify',
  'worker',
  'worker everything',
  'user',
  'user remove a@b.example',
  'user add a@b.example',
  'upload pictures',
  'upload --client Anna',
  'upload one two --client Anna',
  'key',
  'key add',
  'key add --client Anna',
  'key add --client Anna --scope everything',
  'key add --scope upload',
  'key add --client Anna --scope upload --expires tomorrow',
  'key add --client Anna --scope upload --expires 2027-02-30',
  'key revoke',
  'key revoke a b',
  'runs --json=yes',
])('refuses as wrong use: pass %s', (line) => {
  expect(() => parse(line)).toThrow(WrongUse)
})

test('an upload names its folder, its client and what is made of it', () => {
  expect(parse('upload pictures --client Anna --gallery Wedding --renditions web --json')).toEqual({
    ...{ name: 'upload', folder: 'pictures', client: 'Anna', gallery: 'Wedding', renditions: ['web'], json: true },
    report: undefined,
  })
  expect(parse('upload pictures --client Anna')).toMatchObject({ gallery: undefined, renditions: ['thumb', 'web'] })
})

test('a key expires at the end of its last day, or at the moment named', () => {
  const key = 'key add --client Anna --scope upload --scope read,process --name Shop --json'
  expect(parse(key)).toEqual({
    ...{ name: 'key add', client: 'Anna', scopes: ['upload', 'read', 'process'], title: 'Shop', json: true },
    expiresAt: undefined,
  })
  expect(parse(`${key} --expires 2027-01-31`)).toMatchObject({ expiresAt: new Date('2027-01-31T23:59:59.999Z') })
  expect(parse(`${key} --expires 2027-01-31T10:00+01:00`)).toMatchObject({ expiresAt: new Date('2027-01-31T09:00Z') })
})

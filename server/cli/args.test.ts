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
  ['pause R', { name: 'pause', run: 'R' }],
  ['cancel R', { name: 'cancel', run: 'R' }],
  ['retry R --code truncated', { name: 'retry', run: 'R', code: 'truncated' }],
  ['runs --json', { name: 'runs', json: true }],
  ['status R', { name: 'status', run: 'R', json: false }],
  ['report R --out f', { name: 'report', run: 'R', out: 'f' }],
  ['verify R --deep', { name: 'verify', run: 'R', deep: true, json: false }],
  ['worker scrape', { name: 'worker', group: 'scrape' }],
  ['queues', { name: 'queues', json: false }],
  ['user add a@b.example --role staff', { name: 'user add', email: 'a@b.example', role: 'staff' }],
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
  'migrate --provider p --credentials c --renditions huge',
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
  'runs --json=yes',
])('refuses as wrong use: pass %s', (line) => {
  expect(() => parse(line)).toThrow(WrongUse)
})

test.each(['upload folder --client c', 'delta R', 'key add --client c --scope s'])(
  'says of pass %s that it comes later',
  (line) => {
    expect(() => parse(line)).toThrow(/comes with a later version/)
  },
)

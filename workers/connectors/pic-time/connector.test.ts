import { standIn } from '../conformance/stand-in.ts'
import { describeConnector } from '../conformance.ts'
import { picTime } from './connector.ts'

const scene = ['--scenario', 'traps', '--galleries', '4', '--photos', '12', '--pictures', 'tiny']
describeConnector(picTime, standIn('pic-time', ...scene))

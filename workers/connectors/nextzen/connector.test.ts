import { standIn } from '../conformance/stand-in.ts'
import { describeConnector } from '../conformance.ts'
import { nextzen } from './connector.ts'

const scene = ['--scenario', 'traps', '--galleries', '12', '--photos', '20', '--pictures', 'tiny']
describeConnector(nextzen, standIn('nextzen', ...scene))

import { standIn } from '../conformance/stand-in.ts'
import { describeConnector } from '../conformance.ts'
import { pixieset } from './connector.ts'

const scene = ['--scenario', 'traps', '--galleries', '6', '--photos', '12', '--pictures', 'tiny']
describeConnector(pixieset, standIn('pixieset', ...scene))

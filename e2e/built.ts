// Once, before the systems of the workers start side by side: each would build for itself.
import { buildConsole } from '../scripts/build.ts'

export default () => buildConsole((line) => process.stdout.write(`${line}\n`), new AbortController().signal)

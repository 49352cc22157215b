// The bare loop of `list`: requests that a listing has made before, sent again as they were, answers read and thrown away.
import { Agent } from 'undici'
import { serve } from './crew.ts'
import type { Recorded } from './recorder.ts'

export interface Replay {
  origin: string
  requests: Recorded[]
}

const agent = new Agent({ connections: 64 })

serve<Replay>(async (item, { origin, requests }) => {
  const { method, path, headers, body } = requests[item]!
  const answer = await agent.request({ origin, path, method, headers, body })
  await answer.body.dump({ limit: 1e9 })
  if (answer.statusCode !== 200) throw new Error(`${method} ${path} answered ${answer.statusCode}`)
})

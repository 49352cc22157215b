// The media API: routes in files beside this one, each input → one verb → output.
import { OpenAPIHono, z } from '@hono/zod-openapi'
import { answers } from '#server/availability.ts'
import type { House } from '#server/house.ts'
import { imageRoutes } from './image.ts'
import { answerTo, guards, notAllowed, notFound, problem } from './problems.ts'
import { problemAnswers } from './schemas.ts'

export function mediaApp(house: House): OpenAPIHono {
  const app = new OpenAPIHono()
  app.onError(answerTo)
  app.notFound(notFound)
  imageRoutes(app, house)
  healthRoute(app, house)
  app.get('/openapi.json', (c) => c.json(app.getOpenAPI31Document(about), 200, guards))
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], ['/health', '/openapi.json'], () => notAllowed('GET, HEAD'))
  return app
}

function healthRoute(app: OpenAPIHono, house: House): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/health',
    summary: 'Answers 200 when the database and the object store answer.',
    responses: {
      200: {
        description: 'Ready.',
        content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
      },
      ...problemAnswers({ 503: '`temporarily_unavailable`, with Retry-After' }),
    },
  })
  app.get('/health', async (c) => {
    try {
      await answers(house)
      return c.json({ status: 'ok' }, 200, { ...guards, 'Cache-Control': 'no-store' })
    } catch {
      const title = 'The database or the object store does not answer.'
      return problem(503, 'temporarily_unavailable', title, { 'Retry-After': '5' })
    }
  })
}

const about = {
  openapi: '3.1.0',
  info: { title: 'Pass media', version: '1', description: 'Pictures of the Pass library behind signed addresses.' },
}

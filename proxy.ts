// Runs before every page: the content security policy with a nonce of its own. It lets nobody in; procedures and
// pages do that themselves.
import { randomBytes } from 'node:crypto'
import { type NextRequest, NextResponse } from 'next/server'
import { env } from '#server/env.ts'

export function proxy(request: NextRequest): NextResponse {
  const elsewhere = properAddress(request)
  if (elsewhere) return NextResponse.redirect(elsewhere)
  const nonce = randomBytes(16).toString('base64')
  const policy = contentSecurityPolicy(nonce)
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('x-path', request.nextUrl.pathname)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

export const config = { matcher: [{ source: '/((?!api|_next/static|icon).*)' }] }

/** `127.0.0.1` and `localhost` are two origins to a browser; cookies and the Origin check know one. */
function properAddress(request: NextRequest): URL | null {
  const wanted = new URL(env().CONSOLE_URL)
  const asked = new URL(`http://${request.headers.get('host') ?? wanted.host}`)
  const loopback = ['localhost', '127.0.0.1', '[::1]']
  const bothLoopback = loopback.includes(asked.hostname) && loopback.includes(wanted.hostname)
  if (!bothLoopback || asked.hostname === wanted.hostname || asked.port !== wanted.port) return null
  return new URL(request.nextUrl.pathname + request.nextUrl.search, wanted)
}

function contentSecurityPolicy(nonce: string): string {
  const development = process.env.NODE_ENV === 'development'
  const media = new URL(env().MEDIA_URL).origin
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    // Rows of long tables are placed by style attributes, which cannot carry a nonce.
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: ${media}`,
    // Files are sent to the media origin, by a worker.
    `connect-src 'self' ${media}`,
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

import type { Reply } from '../server.ts'

/** The HTML pages that appear where none was due. */
export function page(what: 'edge' | 'signIn' | 'broken', status: number): Reply {
  const bodies = {
    edge: '<title>Access denied | shootproof.com used Cloudflare to restrict access</title><h1>Error 1020</h1>',
    signIn: `<title>Log in | ShootProof</title>${form}`,
    broken: `<title>${status}</title><h1>${status}</h1><p>Something went wrong.</p>`,
  }
  return html(bodies[what], status, what === 'edge' ? { server: 'cloudflare' } : {})
}

export const form =
  '<form method="post" action="/login"><input id="email" name="email"><input id="password" name="password" type="password"><input type="submit" value="Log in"></form>'

export function html(body: string, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body: `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>${body}</body></html>`,
  }
}

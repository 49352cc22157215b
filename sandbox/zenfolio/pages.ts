import type { Reply } from '../server.ts'

/** The HTML pages that appear where none was due. */
export function page(what: 'edge' | 'signIn' | 'broken', status: number): Reply {
  const bodies = {
    edge: "<title>Access denied</title><h1>Error 1010</h1><p>error code: 1010. The owner of this website has banned your access based on your browser's signature.</p>",
    signIn:
      '<title>Zenfolio | Log In</title><form method="post" action="/zf/signin.aspx"><input name="LoginName"><input name="Password" type="password"></form>',
    broken: `<title>${status}</title><h1>${status}</h1><p>The request could not be served.</p>`,
  }
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...(what === 'edge' ? { server: 'cloudflare' } : {}) },
    body: `<!DOCTYPE html><html><head></head><body>${bodies[what]}</body></html>`,
  }
}

// A readable page of what the OpenAPI document says: plain HTML, made once, without a script or anything from elsewhere.
import type { OpenAPIHono } from '@hono/zod-openapi'

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
}

interface Operation {
  summary?: string
  security?: unknown[]
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
  responses?: Record<string, { description: string; content?: Record<string, { schema?: Schema }> }>
}

export function docsPage(document: Document): string {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  )
  const { title, description } = document.info
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title><style>${style}</style></head><body><main>
<h1>${text(title)}</h1><p>${prose(description ?? '')}</p>
<p>Calls that need a key send it as <code>Authorization: Bearer &lt;key&gt;</code>. What cannot be done is answered as
<code>application/problem+json</code> with a stable <code>code</code>. The document for machines: <a href="/openapi.json">openapi.json</a>.</p>
<nav><ul>${operations.map(({ method, path }) => `<li><a href="#${anchor(method, path)}"><code>${method.toUpperCase()} ${text(path)}</code></a></li>`).join('')}</ul></nav>
${operations.map((one) => section(one.method, one.path, one.operation, schemas)).join('\n')}
<h2>Shapes</h2>
${Object.entries(schemas)
  .map(([name, schema]) => `<section id="shape-${text(name)}"><h3>${text(name)}</h3>${fields(schema)}</section>`)
  .join('\n')}
</main></body></html>`
}

function section(method: string, path: string, operation: Operation, schemas: Record<string, Schema>): string {
  const { parameters = [], requestBody, responses = {} } = operation
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<h4>Body: <code>${text(type)}</code></h4>${shapeOf(schema, schemas)}`,
  )
  const asked = parameters.map(
    ({ name, in: where, required, description, schema }) =>
      `<tr><td><code>${text(name)}</code></td><td>${text(where)}${required ? ', required' : ''}</td><td>${typeOf(schema)}</td><td>${prose(description ?? schema?.description ?? '')}</td></tr>`,
  )
  const answers = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const shapes = Object.values(content).map(({ schema }) => typeOf(schema))
    return `<tr><td>${text(status)}</td><td>${prose(description)}</td><td>${[...new Set(shapes)].join(', ')}</td></tr>`
  })
  return `<section id="${anchor(method, path)}"><h2><code>${method.toUpperCase()} ${text(path)}</code></h2>
<p>${prose(operation.summary ?? '')}${operation.security ? ' Needs a key.' : ''}</p>
${asked.length > 0 ? table(['Parameter', 'Where', 'Type', 'Meaning'], asked) : ''}
${bodies.join('')}
<h4>Answers</h4>${table(['Status', 'Meaning or codes', 'Shape'], answers)}</section>`
}

function shapeOf(schema: Schema | undefined, schemas: Record<string, Schema>): string {
  const named = schema?.$ref && schemas[nameOf(schema.$ref)]
  return fields(named || schema || {})
}

function fields({ properties, required = [], description, anyOf = [] }: Schema): string {
  if (anyOf.some((one) => one.properties)) return anyOf.map(fields).join('<p>Or:</p>')
  if (!properties) return description ? `<p>${prose(description)}</p>` : ''
  const rows = Object.entries(properties).map(([name, schema]) => {
    const more = [
      schema.description ?? '',
      schema.default === undefined ? '' : `Default: \`${String(schema.default)}\`.`,
    ]
    const meaning = prose(more.filter(Boolean).join(' '))
    return `<tr><td><code>${text(name)}</code>${required.includes(name) ? ' *' : ''}</td><td>${typeOf(schema)}</td><td>${meaning}</td></tr>`
  })
  return table(['Field (* required)', 'Type', 'Meaning'], rows)
}

function typeOf(schema: Schema | undefined): string {
  if (!schema) return ''
  if (schema.$ref) return `<a href="#shape-${text(nameOf(schema.$ref))}">${text(nameOf(schema.$ref))}</a>`
  if (schema.allOf?.[0]?.$ref) return typeOf(schema.allOf[0])
  const either = schema.anyOf ?? schema.oneOf
  if (either) return either.map(typeOf).join(' or ')
  if (schema.enum) return schema.enum.map((value) => `<code>${text(String(value))}</code>`).join(' ')
  if (schema.const !== undefined) return `<code>${text(String(schema.const))}</code>`
  if (schema.properties) return `with ${Object.entries(schema.properties).map(inside).join(', ')}`
  if (schema.items) return `list of ${typeOf(schema.items)}`
  return text([[schema.type ?? ''].flat().join(' or '), schema.format ?? ''].filter(Boolean).join(', '))
}

const inside = ([name, schema]: [string, Schema]) => `<code>${text(name)}</code> (${typeOf(schema)})`
const table = (heads: string[], rows: string[]) =>
  `<table><thead><tr>${heads.map((head) => `<th>${text(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
const nameOf = (ref: string) => ref.replace(/^.*\//, '')
const anchor = (method: string, path: string) => `${method}${path.replace(/[^a-z]+/gi, '-')}`.replace(/-$/, '')
const text = (raw: string) =>
  raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const prose = (raw: string) => text(raw).replace(/`([^`]+)`/g, '<code>$1</code>')

const style = `
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
code{font-family:ui-monospace,monospace;font-size:.9em}
section{margin-top:2rem}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
nav ul{padding:0;list-style:none}`

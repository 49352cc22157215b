// The environment, parsed once. `.env.example` stands in the order of this schema. A wrong value stops the process
// and names the variable (contract §2).
import { resolve } from 'node:path'
import { z } from 'zod'

const port = z.coerce.number().int().min(1).max(65535)
const flag = z.enum(['0', '1']).transform((v) => v === '1')
const url = z.url({ protocol: /^https?$/ }).transform((v) => v.replace(/\/+$/, ''))

const schema = z
  .object({
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    PASS_DATA_DIR: z
      .string()
      .default('.data')
      .transform((v) => resolve(v)),
    S3_BUCKET: z.string().min(3).optional(),
    S3_ENDPOINT: url.optional(),
    S3_REGION: z.string().default('us-east-1'),
    S3_ACCESS_KEY_ID: z.string().optional(),
    S3_SECRET_ACCESS_KEY: z.string().optional(),
    PORT: port.default(3000),
    MEDIA_PORT: port.default(3001),
    CONSOLE_URL: url.optional(),
    MEDIA_URL: url.optional(),
    MEDIA_REDIRECT: flag.default(false),
    MEDIA_CDN_URL: url.optional(),
    MEDIA_CDN_PURGE: flag.default(false),
    HOST: z.string().default('127.0.0.1'),
    PASS_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
    PASS_SECRET_KEY: z
      .string()
      .refine((v) => Buffer.from(v, 'base64').length === 32, 'must be 32 bytes in base64')
      .optional(),
    SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    MAIL_FROM: z.string().max(320).optional(),
    CHROME_PATH: z.string().optional(),
    PASS_DEMO: flag.optional(),
    ALLOW_LOCAL_SOURCES: flag.default(false),
    OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
    METRICS_PORT: port.optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .refine((v) => !v.MEDIA_CDN_PURGE || v.MEDIA_CDN_URL, { path: ['MEDIA_CDN_PURGE'], error: 'needs MEDIA_CDN_URL' })
  .refine((v) => !v.MEDIA_REDIRECT || v.S3_BUCKET, { path: ['MEDIA_REDIRECT'], error: 'needs S3_BUCKET' })
  .transform((v) => ({
    ...v,
    CONSOLE_URL: v.CONSOLE_URL ?? `http://localhost:${v.PORT}`,
    MEDIA_URL: v.MEDIA_URL ?? `http://localhost:${v.MEDIA_PORT}`,
  }))

export type Env = z.output<typeof schema>

/** Throws `WrongEnvironment`, whose message names every wrong variable. Empty strings count as absent. */
export function parseEnv(values: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(present)
  if (parsed.success) return parsed.data
  throw new WrongEnvironment(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '))
}

export class WrongEnvironment extends Error {
  override name = 'WrongEnvironment'
}

let parsed: Env | undefined

/** The environment of this process, parsed at the first call; prints what is wrong and exits 1 where it is. */
export function env(): Env {
  if (parsed) return parsed
  try {
    parsed = parseEnv(process.env)
    return parsed
  } catch (error) {
    if (!(error instanceof WrongEnvironment)) throw error
    process.stderr.write(`Wrong environment: ${error.message}\n`)
    process.exit(1)
  }
}

import { pino } from 'pino'

/** JSON lines on stderr; nothing that signs in ever reaches them. stdout belongs to the command's own answers. */
export const log = pino(
  {
    level: process.env.LOG_LEVEL ?? 'info',
    base: null,
    redact: {
      paths: [
        'password',
        'token',
        'cookie',
        'authorization',
        'credentials',
        '*.password',
        '*.token',
        '*.cookie',
        '*.authorization',
        '*.credentials',
      ],
      censor: '[masked]',
    },
  },
  pino.destination(2),
)

import type { NextConfig } from 'next'

const everywhere = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), browsing-topics=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
]

export default {
  serverExternalPackages: [
    'pg',
    'pg-boss',
    'pino',
    'sharp',
    '@aws-sdk/client-s3',
    '@aws-sdk/lib-storage',
    '@aws-sdk/s3-request-presigner',
    'better-auth',
    '@better-auth/drizzle-adapter',
    'drizzle-orm',
  ],
  poweredByHeader: false,
  // Pictures come from the media origin as they are; the optimiser would be one more way in.
  images: { unoptimized: true, remotePatterns: [], localPatterns: [] },
  // `npm test` checks the types of the whole repository once.
  typescript: { ignoreBuildErrors: true },
  // `authInterrupts`: a page that is not for a role is answered with 403, by `forbidden()`.
  experimental: { optimizePackageImports: ['@mantine/core', '@mantine/hooks'], authInterrupts: true },
  headers: async () => [{ source: '/:path*', headers: everywhere }],
} satisfies NextConfig

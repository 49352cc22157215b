// What staff, programs and the command line need to know of each provider before a worker talks to it: its name,
// the credentials it takes and its endpoints. How it is read lives in `workers/connectors/<id>/`.
import { z } from 'zod'
import type { FieldKind } from './fields.ts'

const secret = z.string().min(1).max(4096)
/** The Cookie header of a browser. */
const session = z.string().min(1).max(16_384)

const fields = {
  loginName: { name: 'loginName', label: 'Login name', secret: false },
  password: { name: 'password', label: 'Password', secret: true },
  token: { name: 'token', label: 'Token', secret: true, pasted: true },
  email: { name: 'email', label: 'E-mail address', secret: false },
  bearer: { name: 'bearer', label: 'Bearer', secret: true, pasted: true },
  cookie: { name: 'cookie', label: 'Cookie header', secret: true, pasted: true },
  baseUrl: { name: 'baseUrl', label: 'Address of the account', secret: false },
  clientId: { name: 'clientId', label: 'Client id', secret: false },
  refreshToken: { name: 'refreshToken', label: 'Refresh token', secret: true, pasted: true },
  accessToken: { name: 'accessToken', label: 'Access token', secret: true, pasted: true },
} as const satisfies Record<string, CredentialField>

/** How a session is taken from the browser of whoever is signed in. */
const copied = (header: string, site: string, request = 'the first one') =>
  `Sign in at ${site} in an ordinary browser, open its developer tools (F12, “Network”), reload the page, choose a request (${request}) and copy the value of its request header “${header}”.`

export const providers = {
  zenfolio: {
    title: 'Zenfolio Classic',
    credentials: z.union([z.strictObject({ loginName: secret, password: secret }), z.strictObject({ token: secret })]),
    ways: [
      {
        id: 'password',
        label: 'Login name and password',
        fields: [fields.loginName, fields.password],
        help: 'As the owner signs in at zenfolio.com. API access must be allowed in the account’s preferences.',
      },
      {
        id: 'token',
        label: 'Token',
        fields: [fields.token],
        help: 'A sign-in token of Zenfolio’s API, where the owner has no password to give. It lives about a day.',
      },
    ],
    endpoints: { api: 'https://api.zenfolio.com/api/1.8/zfapi.asmx' },
    notes: {
      passwords:
        'Zenfolio says that a gallery has a password, never which one: such galleries are private here until it is filled in.',
      favourites: 'Zenfolio tells who made a list and what it is called, not the photos in it.',
      videos: 'Zenfolio stores no originals of videos; the best it has made of them is kept.',
      expiry: 'Zenfolio’s galleries do not expire.',
    },
  },
  nextzen: {
    title: 'Zenfolio (new)',
    credentials: z.union([z.strictObject({ email: secret, password: secret }), z.strictObject({ bearer: session })]),
    ways: [
      {
        id: 'password',
        label: 'E-mail address and password',
        fields: [fields.email, fields.password],
        help: 'As the owner signs in at app.zenfolio.com. An account of Zenfolio Classic is added as “Zenfolio Classic”.',
      },
      {
        id: 'bearer',
        label: 'Session of a browser',
        fields: [fields.bearer],
        help: `${copied('authorization', 'app.zenfolio.com', 'one to /api/')} It lives about a month.`,
      },
    ],
    endpoints: { app: 'https://app.zenfolio.com', cdn: 'https://zenfolio.creatorcdn.com' },
    notes: {
      access: 'The new Zenfolio does not tell us who may see a gallery: all of them are private here.',
      passwords: 'The new Zenfolio does not tell us passwords: set new ones here.',
      favourites: 'What visitors picked is not told in a way that we know.',
      descriptions: 'No descriptions are told with the galleries.',
      captions: 'No captions are told with the photos; those inside the originals stay in them.',
      keywords: 'No keywords are told with the photos; those inside the originals stay in them.',
      takenAt: 'The day a photo was created at Zenfolio is not its capture time; each original’s own EXIF tells it.',
      videos: 'How the new Zenfolio keeps videos is not public; what it gives of them is kept.',
    },
  },
  'pic-time': {
    title: 'Pic-Time',
    credentials: z.union([
      z.strictObject({ email: secret, password: secret }),
      z.strictObject({ cookie: session, baseUrl: secret }),
    ]),
    ways: [
      {
        id: 'password',
        label: 'E-mail address and password',
        fields: [fields.email, fields.password],
        help: 'As the photographer signs in at us.pic-time.com.',
      },
      {
        id: 'cookie',
        label: 'Session of a browser',
        fields: [fields.cookie, fields.baseUrl],
        help: `${copied('Cookie', 'us.pic-time.com')} The address is the beginning of what the browser shows then.`,
      },
    ],
    // The account's own origin is found at sign-in; naming it here holds the run to that one.
    endpoints: { login: 'https://us.pic-time.com', base: '' },
    notes: {
      folders: 'Pic-Time lists projects side by side, without folders.',
      access: 'Pic-Time does not tell us who may see a gallery: all of them are private here.',
      passwords: 'Pic-Time does not tell us access codes: set new ones here.',
      favourites: 'What visitors picked is not told in a way that we know.',
      captions: 'No captions are told with the photos.',
    },
  },
  shootproof: {
    title: 'ShootProof',
    credentials: z.union([
      z.strictObject({ clientId: secret, refreshToken: secret }),
      z.strictObject({ accessToken: secret }),
      z.strictObject({ email: secret, password: secret }),
      // What the provider's redirect brings back; exchanged for a refresh token at the first sign-in.
      z.strictObject({ clientId: secret, code: secret, redirectUri: secret }),
    ]),
    ways: [
      {
        id: 'connect',
        label: 'Connect',
        fields: [fields.clientId],
        help: 'The owner says yes on ShootProof’s own page. The client id is the one that ShootProof’s support issued for us.',
        connects: true,
      },
      {
        id: 'refreshToken',
        label: 'Refresh token',
        fields: [fields.clientId, fields.refreshToken],
        help: 'Of a connection that was made elsewhere. It works once: we keep the one that replaces it.',
      },
      {
        id: 'accessToken',
        label: 'Access token',
        fields: [fields.accessToken],
        help: 'Lives two weeks at most and cannot be renewed.',
      },
      {
        id: 'password',
        label: 'E-mail address and password',
        fields: [fields.email, fields.password],
        help: 'As the owner signs in at studio.shootproof.com, where connecting is not possible.',
      },
    ],
    oauth: {
      authorizeUrl(endpoints, { clientId, redirectUri, state }) {
        const url = new URL(`${endpoints.auth?.replace(/\/+$/, '')}/oauth2/authorization/new`)
        const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'studio', state }
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
        return url.href
      },
    },
    endpoints: {
      api: 'https://api.shootproof.com',
      auth: 'https://auth.shootproof.com',
      studio: 'https://studio.shootproof.com',
    },
    notes: {
      access:
        'ShootProof’s API, as far as it is public, does not tell who may see a gallery: all of them are private here.',
      passwords: 'ShootProof’s API, as far as it is public, tells no passwords: set new ones here.',
      favourites: 'ShootProof’s API, as far as it is public, tells no favourites.',
      captions: 'ShootProof’s API, as far as it is public, tells no captions; those inside the originals stay in them.',
      keywords: 'ShootProof’s API, as far as it is public, tells no keywords; those inside the originals stay in them.',
      videos: 'ShootProof sells videos; how an owner gets the originals is not public.',
    },
  },
  pixieset: {
    title: 'Pixieset',
    credentials: z.union([z.strictObject({ cookie: session }), z.strictObject({ email: secret, password: secret })]),
    ways: [
      {
        id: 'cookie',
        label: 'Session of a browser',
        fields: [fields.cookie],
        help: `${copied('Cookie', 'galleries.pixieset.com')} It lives about 3.5 hours.`,
      },
      {
        id: 'password',
        label: 'E-mail address and password',
        fields: [fields.email, fields.password],
        help: 'As the owner signs in at accounts.pixieset.com. Tried once: Pixieset often asks for a person there.',
      },
    ],
    // `{sub}` is the account's own name, found at sign-in.
    endpoints: {
      accounts: 'https://accounts.pixieset.com',
      galleries: 'https://galleries.pixieset.com',
      site: 'https://{sub}.pixieset.com',
    },
    notes: {
      keywords: 'Pixieset keeps no keywords with photos.',
      stars: 'Pixieset’s stars are the photographer’s own marks; no visitor sees them.',
      videos: 'Pixieset gives no originals of videos; the widest it has made of them is kept.',
      favourites: 'What Pixieset told of favourites was not understood.',
      files: 'Pixieset’s galleries hold photos and videos only.',
    },
  },
} as const satisfies Record<string, ProviderEntry>

export interface CredentialField {
  /** The key of contract §3. */
  name: string
  label: string
  /** Typed unseen. */
  secret: boolean
  /** Long and copied from elsewhere: a field of several lines. */
  pasted?: boolean
}

/** One way to sign in: what a form asks for. What was typed is checked by `credentials`. */
export interface SignInWay {
  id: string
  label: string
  fields: readonly CredentialField[]
  /** One line: how the owner gets these. */
  help: string
  /** What is typed here only begins it: the owner then says yes on the provider's own page (`oauth`). */
  connects?: boolean
}

export interface ProviderEntry {
  /** What people call it. */
  title: string
  /** Exactly the keys of contract §3; anything else is refused. */
  credentials: z.ZodType<Record<string, string>>
  /** The usual one first. */
  ways: readonly SignInWay[]
  /** OAuth's code flow: the address at the provider where the owner says yes. */
  oauth?: {
    authorizeUrl(
      endpoints: Record<string, string>,
      request: { clientId: string; redirectUri: string; state: string },
    ): string
  }
  /** Endpoint names and their production addresses. */
  endpoints: Record<string, string>
  /** Why a kind of thing does not come along as it is; one sentence each. Others are told in general words. */
  notes?: Partial<Record<FieldKind, string>>
}

export type ProviderId = keyof typeof providers
/** What is known of it, whatever it has of its own. */
export const entryOf = (id: ProviderId): ProviderEntry => providers[id]
export const providerIds = Object.keys(providers) as [ProviderId, ...ProviderId[]]

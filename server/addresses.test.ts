import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer as createTlsServer } from 'node:https'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { AddressNotAllowed, allowedAddress, allowedAddresses, allowedUrl, guardedAgent } from './addresses.ts'
import { aSite, listening } from './testing-site.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function site(): Promise<{ port: number; hosts: string[] }> {
  const hosts: string[] = []
  const { port, close } = await aSite((request, response) => {
    hosts.push(request.headers.host ?? '')
    response.end('here')
  })
  closing.push(close)
  return { port, hosts }
}

function agentWith(options: Parameters<typeof guardedAgent>[0]) {
  const agent = guardedAgent(options)
  closing.push(() => agent.destroy())
  return agent
}

describe('allowedAddress', () => {
  it.each([
    '93.184.215.14',
    '1.1.1.1',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('lets the public address %s through', (ip) => {
    expect(allowedAddress(ip, { allowLocal: false })).toBe(true)
  })

  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '169.254.1.1', '169.254.169.254'],
    ...['168.63.129.16', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.192', '192.0.2.1', '198.18.0.1'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['::', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1', '2001:db8::1'],
    ...['3fff::1', '4000::1', '64:ff9b:1::7f00:1', '5f00::1'],
    // The same inside IPv6: mapped, translated, NAT64, 6to4, Teredo (client inverted, server), compatible, ISATAP.
    ...['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:10.0.0.1', '64:ff9b::a00:1', '64:ff9b::169.254.169.254'],
    ...['2002:a00:1::1', '2002:a9fe:a9fe::1', '2001:0:808:808::f5ff:fffe', '2001:0:a00:1::f7f7:f7f7', '::10.0.0.1'],
    ...['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:10.0.0.1'],
  ])('never lets %s through', (ip) => {
    expect(allowedAddress(ip, { allowLocal: true })).toBe(false)
  })

  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::'])(
    'lets the loopback address %s through only where local sources are allowed',
    (ip) => {
      expect(allowedAddress(ip, { allowLocal: true })).toBe(true)
      expect(allowedAddress(ip, { allowLocal: false })).toBe(false)
    },
  )

  it.each(['', 'localhost', '127.1', '0x7f000001', '2130706433', '010.8.8.8', '8.8.8.8 '])(
    'takes %j for no address',
    (ip) => {
      expect(allowedAddress(ip, { allowLocal: true })).toBe(false)
    },
  )
})

describe('allowedUrl', () => {
  it.each([
    'https://example.com/a?b#c',
    'http://example.com:8080/',
    'https://[2606:4700:4700::1111]/',
    'http://example.com:443',
  ])('gives %s parsed', (url) => {
    expect(allowedUrl(url, { allowLocal: false }).href).toBe(new URL(url).href)
  })

  it.each([
    ...['', 'example.com', 'ftp://example.com/', 'file:///etc/passwd', 'data:text/plain,x', 'javascript:0'],
    ...[
      'https://user@example.com/',
      'https://:secret@example.com/',
      'http://example.com:22/',
      'http://example.com:25/',
    ],
    ...[
      'http://example.com:0/',
      'http://10.0.0.1/',
      'http://0/',
      'http://0x0a.1/',
      'http://167772161/',
      'http://[::]/',
    ],
    ...['http://169.254.169.254/latest', 'http://[::ffff:10.0.0.1]/', 'http://[fe80::1]/', 'http://192.168.0.1.:8080/'],
  ])('refuses %j', (url) => {
    expect(() => allowedUrl(url, { allowLocal: true })).toThrow(AddressNotAllowed)
  })

  it('refuses loopback in any spelling unless local sources are allowed', () => {
    for (const url of [
      'http://127.0.0.1:8080/',
      'http://127.1:8080/',
      'http://0x7f000001:8080/',
      'http://[::1]:8080/',
    ]) {
      expect(() => allowedUrl(url, { allowLocal: false })).toThrow(AddressNotAllowed)
      expect(allowedUrl(url, { allowLocal: true }).port).toBe('8080')
    }
  })
})

describe('allowedAddresses', () => {
  it('gives every address of a name', async () => {
    const resolve = async () => [
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ]
    expect(await allowedAddresses('two.example', { allowLocal: false }, resolve)).toEqual(await resolve())
  })

  it('refuses a name if only one of its addresses is private, or it has none', async () => {
    const mixed = async () => [
      { address: '1.1.1.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]
    await expect(allowedAddresses('mixed.example', { allowLocal: true }, mixed)).rejects.toThrow(AddressNotAllowed)
    await expect(allowedAddresses('none.example', { allowLocal: true }, async () => [])).rejects.toThrow(
      AddressNotAllowed,
    )
  })

  it('judges a literal address itself', async () => {
    const never = () => Promise.reject(new Error('resolved'))
    expect(await allowedAddresses('::1', { allowLocal: true }, never)).toEqual([{ address: '::1', family: 6 }])
    await expect(allowedAddresses('::1', { allowLocal: false }, never)).rejects.toThrow(AddressNotAllowed)
  })
})

describe('guardedAgent', () => {
  it('connects to the addresses that were checked, resolving a name once a connection', async () => {
    const { port, hosts } = await site()
    const asked: string[] = []
    const resolve = async (hostname: string) => {
      asked.push(hostname)
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const agent = agentWith({ allowLocal: true, resolve, connections: 1 })
    for (let i = 0; i < 3; i++) {
      const { body } = await agent.request({ origin: `http://studio.example:${port}`, path: '/', method: 'GET' })
      expect(await body.text()).toBe('here')
    }
    expect(asked).toEqual(['studio.example'])
    expect(hosts).toEqual(Array(3).fill(`studio.example:${port}`))
  })

  it('tries the next address where the first does not answer', async () => {
    const { port } = await site()
    const resolve = async () => [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    const agent = agentWith({ allowLocal: true, resolve })
    const { body } = await agent.request({ origin: `http://studio.example:${port}`, path: '/', method: 'GET' })
    expect(await body.text()).toBe('here')
  })

  it('refuses a name that is rebound to a private address after its first answer', async () => {
    const { port, hosts } = await site()
    const answers = ['127.0.0.1', '10.0.0.1']
    const resolve = async () => [{ address: answers.shift()!, family: 4 }]
    const agent = agentWith({ allowLocal: true, resolve, connections: 2 })
    const get = () => agent.request({ origin: `http://rebound.example:${port}`, path: '/', method: 'GET' })
    const first = await get() // its body is not read, so the second request needs a connection of its own
    await expect(get()).rejects.toThrow(AddressNotAllowed)
    await first.body.dump()
    expect(hosts).toHaveLength(1)
  })

  it('refuses literal addresses and real names alike, before a byte is sent', async () => {
    const { port, hosts } = await site()
    const agent = agentWith({ allowLocal: false })
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost']) {
      const request = agent.request({ origin: `http://${host}:${port}`, path: '/', method: 'GET' })
      await expect(request).rejects.toThrow(AddressNotAllowed)
    }
    expect(hosts).toEqual([])
  })

  it('gives up a connection that is not made in time', async () => {
    const agent = agentWith({ allowLocal: true, connectTimeoutSeconds: 0.05, resolve: () => new Promise(() => {}) })
    const request = agent.request({ origin: 'http://silent.example', path: '/', method: 'GET' })
    await expect(request).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' })
  })

  it('speaks TLS only with a certificate that is trusted and names the host', async () => {
    const { key, cert } = certificateFor('studio.example')
    const server = createTlsServer({ key, cert }, (_, response) => response.end('here'))
    const port = await listening(server)
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const get = (host: string) => {
      const agent = agentWith({ allowLocal: true, resolve: async () => [{ address: '127.0.0.1', family: 4 }] })
      return agent.request({ origin: `https://${host}:${port}`, path: '/', method: 'GET' })
    }
    await expect(get('studio.example')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })

    const trusted = getCACertificates('default')
    closing.push(() => setDefaultCACertificates(trusted))
    setDefaultCACertificates([...trusted, cert])
    expect(await (await get('studio.example')).body.text()).toBe('here')
    await expect(get('other.example')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})

/** A self-signed certificate for one name, good for a day before and after now (X.509 v3 in DER, RFC 5280). */
function certificateFor(name: string): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = (tag: number, ...parts: Uint8Array[]) => {
    const content = Buffer.concat(parts)
    const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
    return Buffer.concat([Buffer.from([tag, ...length]), content])
  }
  const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
  const integer = (value: number) => der(0x02, Buffer.from([value]))
  const day = (offset: number) => {
    const digits = new Date(Date.now() + offset * 86_400_000).toISOString().replace(/[-:T]/g, '')
    return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
  }
  const ecdsaWithSha256 = der(0x30, oid('2a8648ce3d040302'))
  const subject = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(name)))))
  const names = der(0x30, oid('551d11'), der(0x04, der(0x30, der(0x82, Buffer.from(name)))))
  const content = der(
    0x30,
    ...[der(0xa0, integer(2)), integer(1), ecdsaWithSha256, subject, der(0x30, day(-1), day(1)), subject],
    ...[publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, der(0x30, names))],
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey))
  const lines = der(0x30, content, ecdsaWithSha256, signature)
    .toString('base64')
    .match(/.{1,64}/g)!
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

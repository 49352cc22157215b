// What a page that was not recognised showed, without what signs in.
import type { HTTPResponse, Page } from 'puppeteer'
import { UnexpectedPage } from '../connectors/connector.ts'
import { masked } from '../masking.ts'

const KiB = 1024
/** Of the page's HTML, after masking. */
const mostCharacters = 256 * KiB
/** A page that shows more is cut. */
const tallestPixels = 4000
/** A page too busy to be looked at is evidence without a picture. */
const lookMilliseconds = 10_000

export async function unexpectedPage(
  page: Page,
  expected: string,
  answer: HTTPResponse | undefined,
  typed: string[],
): Promise<UnexpectedPage> {
  const secrets = typed.filter((value) => value.length >= 3)
  const html = await soon(page.content())
  const screenshot = await soon(picture(page, secrets))
  return new UnexpectedPage(expected, {
    url: masked(without(page.url(), secrets)),
    status: answer?.status() ?? 0,
    contentType: answer?.headers()['content-type'] ?? null,
    excerpt: masked(without((html ?? '').slice(0, 2 * mostCharacters), secrets)).slice(0, mostCharacters),
    ...(screenshot ? { screenshot } : {}),
  })
}

async function picture(page: Page, secrets: string[]): Promise<Uint8Array> {
  // Of a frame that cannot be blanked there is no picture either: this throws.
  for (const frame of page.frames()) await frame.evaluate(blank, secrets)
  const { width, height } = await page.evaluate(() => ({
    width: window.innerWidth,
    height: document.documentElement.scrollHeight,
  }))
  const clip = { x: 0, y: 0, width, height: Math.max(1, Math.min(height, tallestPixels)) }
  return page.screenshot({ type: 'png', clip, captureBeyondViewport: true })
}

/** Runs in the page: empties every field that a person types in, and takes secrets and mail addresses out of the text. */
function blank(secrets: string[]): void {
  const mail = /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g
  const clean = (root: Node): void => {
    const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
    for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
      if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) {
        if (/submit|button|reset|checkbox|radio/.test(node.type)) continue
        // Past the frameworks that would put it back: the field is only not to be read.
        for (const property of ['color', 'caret-color', '-webkit-text-fill-color']) {
          node.style.setProperty(property, 'transparent', 'important')
        }
        node.style.setProperty('text-shadow', 'none', 'important')
      } else if (node instanceof Text && node.data.trim() !== '') {
        const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '[masked]'), node.data)
        const cleaned = shown.replace(mail, '[mail]')
        if (cleaned !== node.data) node.data = cleaned
      } else if (node instanceof Element && node.shadowRoot) clean(node.shadowRoot)
    }
  }
  clean(document)
}

/** As it stands in text, in markup and in addresses. */
function without(text: string, secrets: string[]): string {
  let cleaned = text
  for (const secret of secrets) {
    const inMarkup = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    const written = [secret, inMarkup, inMarkup.replaceAll('"', '&quot;'), encodeURIComponent(secret)]
    for (const form of new Set(written)) cleaned = cleaned.replaceAll(form, '[masked]')
  }
  return cleaned
}

/** undefined where it fails or takes too long. */
async function soon<T>(look: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, lookMilliseconds, undefined)
  })
  try {
    return await Promise.race([look, late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

// What is written to people, in plain words: a greeting, sentences, and at most one address to open.

export interface Letter {
  subject: string
  greeting: string
  sentences: string[]
  link?: { url: string; text: string }
}

export function textOf({ greeting, sentences, link }: Letter): string {
  return [greeting, ...sentences, ...(link ? [`${link.text}: ${link.url}`] : []), signature].join('\n\n')
}

export function htmlOf({ subject, greeting, sentences, link }: Letter): string {
  const paragraphs = [greeting, ...sentences].map((sentence) => `<p>${escaped(sentence)}</p>`)
  const button = link
    ? `<p><a href="${escaped(link.url)}" style="display:inline-block;padding:10px 16px;border-radius:5px;background:#7a3e9d;color:#ffffff;text-decoration:none">${escaped(link.text)}</a></p>`
    : ''
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head><body style="margin:0 auto;max-width:560px;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1b1b1f">${paragraphs.join('')}${button}<p style="color:#5d5d66">${signature}</p></body></html>`
}

const signature = 'Pass Gallery'

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const page = (consoleUrl: string) => ({ url: `${consoleUrl}/my`, text: 'Sign in to see your galleries' })
const orTheLink = 'If we gave you a link to your own page, it shows the same.'

export type ClientOccasion = 'started' | 'needed' | 'done'

export const clientSubjects: Record<ClientOccasion, string> = {
  started: 'Your galleries are on their way',
  needed: 'We need something from you to go on',
  done: 'Your galleries are here',
}

/** What a client is told of the move of their galleries; `counts` as they stand then. */
export function clientLetter(
  occasion: ClientOccasion,
  about: { name: string; from: string; consoleUrl: string; total: number; safe: number; look: number },
): Letter {
  const { name, from, consoleUrl, total, safe, look } = about
  const greeting = `Dear ${name},`
  const link = page(consoleUrl)
  const subject = clientSubjects[occasion]
  if (occasion === 'started') {
    const sentence = `We have begun to bring your galleries over from ${from}. Nothing changes there: we only read, and your originals are copied exactly as they are.`
    const next = 'You need not do anything. We write again when everything is here, or if we need something from you.'
    return { subject, greeting, sentences: [sentence, next, orTheLink], link }
  }
  if (occasion === 'needed') {
    const sentence = `To go on with your galleries, ${from} wants to see a new sign-in from you. Everything that has arrived so far is safe.`
    const next = 'Please get in touch with the person who is helping you with the move: they tell you what to do.'
    return { subject, greeting, sentences: [sentence, next, orTheLink], link }
  }
  const sentence =
    look > 0
      ? `${count(safe)} of ${count(total)} photos from ${from} are safe with us; ${count(look)} need a look.`
      : `All ${count(safe)} photos from ${from} are safe with us.`
  const next = 'Please look through your galleries and tell us that everything is right, or what is missing.'
  return { subject, greeting, sentences: [sentence, next, orTheLink], link }
}

export function invitationLetter(invitedBy: string, url: string, days: number): Letter {
  return {
    subject: 'Your invitation to Pass Gallery',
    greeting: 'Hello,',
    sentences: [
      `${invitedBy} has invited you to Pass Gallery. Choose your name and a password to begin.`,
      `The link works once, within ${days} days. If you did not expect it, leave it alone.`,
    ],
    link: { url, text: 'Accept the invitation' },
  }
}

const count = (value: number) => value.toLocaleString('en')

// Zenfolio's ids are 64-bit integers sent as bare JSON numbers; JSON.parse would round them past 2^53.

/**
 * JSON.parse, except that an integer beyond ±(2^53 − 1) becomes a string of its very digits. Everything else, and what
 * is refused (SyntaxError), is as with JSON.parse. Linear in the length of the text.
 */
export function parseLossless(text: string): unknown {
  return JSON.parse(quoteLongIntegers(text))
}

function quoteLongIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text
  let quoted = ''
  let copied = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at)
    } else if (code === minus || isDigit(code)) {
      const end = endOfNumber(text, at)
      if (isLongInteger(text, at, end)) {
        quoted += `${text.slice(copied, at)}"${text.slice(at, end)}"`
        copied = end
      }
      at = end
    } else {
      at++
    }
  }
  return copied === 0 ? text : quoted + text.slice(copied)
}

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d

const isDigit = (code: number) => code >= 0x30 && code <= 0x39

/** Index after the closing quote, or the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === backslash) at++
    else if (code === quote) return at + 1
  }
  return text.length
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && isPartOfNumber(text.charCodeAt(at))) at++
  return at
}

const isPartOfNumber = (code: number) =>
  isDigit(code) || code === 0x2e || code === 0x2b || code === minus || code === 0x65 || code === 0x45

/** A property name without quotes is left alone: quoting it would make broken JSON whole. */
function isLongInteger(text: string, start: number, end: number): boolean {
  if (end - start < 16) return false
  const token = text.slice(start, end)
  if (!/^-?[1-9]\d*$/.test(token) || Number.isSafeInteger(Number(token))) return false
  let next = end
  while (/[ \t\r\n]/.test(text[next] ?? '')) next++
  return text[next] !== ':'
}

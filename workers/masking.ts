/** Takes what signs in, and mail addresses, out of text that is kept: evidence, details of attempts. */
export function masked(text: string): string {
  return text
    .replace(inQuery, '$1[masked]')
    .replace(inAddress, '$1[masked]@')
    .replace(inJson, '$1"[masked]"')
    .replace(inTag, (tag) => (telling.test(tag) ? tag.replace(tagValue, '$1"[masked]"') : tag))
    .replace(inHeader, '$1[masked]')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/-]+=*/gi, '$1 [masked]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[masked]')
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[mail]')
}

/** What the name of a value says when the value signs in. */
const telling = /token|\btk\b|secret|passw|\bpw\b|session|\bsid\b|auth|csrf|credential/i
const inQuery =
  /([?&;](?:[^=&;\s"'<>]*(?:token|secret|session|signature|passw|auth|credential)[^=&;\s"'<>]*|key|tk|sid|sig|pw|code|hmac|fjkss|policy)=)[^&\s"'<>;]+/gi
const inAddress = /(\/\/[^/\s:@"'<>]+:)[^/\s@"'<>]+@/g
const inJson =
  /("(?:[^"\\]*(?:token|passw|secret|cookie|session|authorization|credential)[^"\\]*)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[\d.]+)/gi
const inTag = /<(?:input|meta)\b[^>]*>/gi
const tagValue = /(\s(?:value|content)=)(?:"[^"]*"|'[^']*')/gi
const inHeader = /^((?:cookie|set-cookie|authorization|[\w-]*(?:token|session|auth)[\w-]*)[ \t]*:[ \t]*)[^\r\n]+/gim

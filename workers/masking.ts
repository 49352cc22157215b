/** Takes what signs in, and mail addresses, out of text that is kept: evidence, details of attempts. */
export function masked(text: string): string {
  return text
    .replace(inQuery, '$1[masked]')
    .replace(inAddress, '$1[masked]@')
    .replace(inJson, '$1"[masked]"')
    .replace(inScript, '$1"[masked]"')
    .replace(inTag, (tag) => (telling.test(tag) ? tag.replace(tagValue, '$1"[masked]"') : tag))
    .replace(inHeader, '$1[masked]')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/-]+=*/gi, '$1 [masked]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[masked]')
    .replace(/(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, '[mail]')
}

/** What the name of a value says when the value signs in. */
const telling = /token|\btk\b|secret|passw|\bpw\b|session|\bsid\b|auth|csrf|credential/i
// Names have an end, so that a page without one is masked in time.
const inQuery =
  /([?&;](?:[^=&;\s"'<>]{0,100}(?:token|secret|session|signature|passw|auth|credential)[^=&;\s"'<>]{0,100}|key|tk|sid|sig|pw|code|hmac|fjkss|policy)=)[^&\s"'<>;]+/gi
const inAddress = /(\/\/[^/\s:@"'<>]{1,200}:)[^/\s@"'<>]{1,500}@/g
const inJson =
  /("(?:[^"\\]{0,100}(?:token|passw|secret|cookie|session|authorization|credential)[^"\\]{0,100})"\s{0,20}:\s{0,20})(?:"(?:[^"\\]|\\.)*"|[\d.]+)/gi
const inScript =
  /(?<![\w$"'])([\w$.]{0,100}(?:token|passw|secret|session|authorization|credential)[\w$]{0,100}['"]?\]?\s{0,5}[:=]\s{0,5})(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/gi
const inTag = /<(?:input|meta)\b[^>]{0,2000}>/gi
const tagValue = /(\s(?:value|content)=)(?:"[^"]*"|'[^']*')/gi
const inHeader =
  /^((?:cookie|set-cookie|authorization|[\w-]{0,100}(?:token|session|auth)[\w-]{0,100})[ \t]{0,20}:[ \t]{0,20})[^\r\n]+/gim

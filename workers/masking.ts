/** Takes what signs in, and mail addresses, out of text that is kept: evidence, details of attempts. */
export function masked(text: string): string {
  return text
    .replace(
      /([?&;](?:key|token|tk|sig|signature|auth|password|pw|code|hmac|fjkss|policy)=)[^&\s"'<>;]+/gi,
      '$1[masked]',
    )
    .replace(/("(?:[^"]*(?:token|password|secret|cookie|session|authorization)[^"]*)"\s*:\s*)"[^"]*"/gi, '$1"[masked]"')
    .replace(/\bBearer\s+[\w.~+/-]+=*/gi, 'Bearer [masked]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[masked]')
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[mail]')
}

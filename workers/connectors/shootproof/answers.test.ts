import { expect, test } from 'vitest'
import { isChallenge, saysWrongPassword } from './answers.ts'

const page = (body: string) => `<html><head></head><body>${body}</body></html>`

test.each([
  ['a captcha that is shown', '<div class="g-recaptcha"></div>', true, false],
  ['a field for a code', '<input autocomplete="one-time-code">', true, false],
  ['words about a locked account', '<p>Your account is locked.</p>', true, false],
  ['words about a code', '<p>Enter the verification code we sent you.</p>', true, false],
  [
    'a wrong password beside a captcha nobody sees',
    '<p>Incorrect password.</p><div class="grecaptcha-badge"></div>',
    true,
    true,
  ],
  ['a form that only came back', '<form><input type="password" class="invalid"></form>', false, false],
  ['a script that knows all the words', '<script>"invalid captcha, verification code"</script>', false, false],
])('%s is told apart', (_, body, challenge, wrong) => {
  expect([isChallenge(page(body)), saysWrongPassword(page(body))]).toEqual([challenge, wrong])
})

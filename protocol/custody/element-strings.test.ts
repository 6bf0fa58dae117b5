/** Element strings of GS1: what is read, and what is refused with the part that is wrong. */
import t from 'tap'
import fc from '../testing/properties.ts'
import { hasCheckDigit, isExpired, readPackage } from './element-strings.ts'

const nowMs = Date.parse('2026-11-30T12:00:00Z')
const gtin = '09506000134352'
const gs = '\u001d'
const read = (code: string) => readPackage(code, nowMs)

t.test('the product, the batch, the expiry and the serial are read in any order', async t => {
  const whole = { gtin, batch: 'B-1', expiry: '2027-03-09', serial: 'S/9' }
  for (const code of [
    `01${gtin}1727030910B-1${gs}21S/9`,
    `01${gtin}21S/9${gs}10B-1${gs}17270309`,
    `]d2${gs}01${gtin}1727030910B-1${gs}21S/9`,
    `${gs}01${gtin}21S/9${gs}1727030910B-1`,
    `01${gtin}17270309710123${gs}10B-1${gs}21S/9`,
    `01${gtin}1727030911260101310300100010B-1${gs}21S/9`,
  ])
    t.same(read(code), { ok: true, package: whole }, JSON.stringify(code))
  t.match(read(`01${gtin}17270200`), { package: { expiry: '2027-02-28' } }, 'day 00 is the last')
  t.match(read(`01${gtin}17280200`), { package: { expiry: '2028-02-29' } })
  t.match(read(`01${gtin}17990101`), { package: { expiry: '1999-01-01' } })
  t.match(read(`01${gtin}17760101`), { package: { expiry: '2076-01-01' } })
  t.match(read(`01${gtin}21aB`), { package: { serial: 'aB' } }, 'letters keep their case')
})

t.test('what is wrong is named', async t => {
  for (const [code, field] of [
    ['', 'gtin'],
    ['hello', 'code'],
    [`01${gtin.slice(0, 9)}`, 'code'],
    ['0109506000134353', 'gtin'],
    ['010950600013435X', 'gtin'],
    [`01${gtin}17271301`, 'expiry'],
    [`01${gtin}17270230`, 'expiry'],
    [`01${gtin}17270x01`, 'expiry'],
    [`01${gtin}10`, 'code'],
    [`01${gtin}10A${gs}10B`, 'code'],
    [`01${gtin}10B12345678901234567890`, 'batch'],
    // A scanner that drops the separator makes one long batch of both.
    [`01${gtin}10BATCH-77121SERIAL-000001`, 'batch'],
    [`01${gtin}21a b`, 'serial'],
  ] as const)
    t.match(read(code), { ok: false, field }, JSON.stringify(code))
})

t.test('no text is an error, and one wrong digit of a GTIN is always found', async t => {
  fc.assert(fc.property(fc.string({ maxLength: 200, unit: 'binary' }), text => 'ok' in read(text)))
  fc.assert(
    fc.property(fc.nat({ max: 13 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
      const digits = [...gtin]
      digits[at] = String((Number(digits[at]) + by) % 10)
      return !hasCheckDigit(digits.join(''))
    }),
  )
  t.ok(hasCheckDigit(gtin))
})

t.test('goods expire with the last day of their place', async t => {
  const at = (time: string) => Date.parse(time)
  t.notOk(isExpired(null, nowMs, 0))
  t.notOk(isExpired('2026-11-30', at('2026-11-30T23:59:59Z'), 0))
  t.ok(isExpired('2026-11-30', at('2026-12-01T00:00:00Z'), 0))
  t.notOk(isExpired('2026-11-30', at('2026-12-01T04:00:00Z'), -79.4), 'Toronto')
  t.ok(isExpired('2026-11-30', at('2026-11-30T19:00:00Z'), 85.3), 'Kathmandu')
})

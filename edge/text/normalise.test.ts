/**
 * The normal form of texts: each kind of text has its form wherever a schema names it, at a cost
 * that only grows with its length.
 */
import t from 'tap'
import Type from 'typebox'
import { normalEmail, writtenEmail } from '../../protocol/accounts/emails.ts'
import { isInternational, normalPhone } from '../../protocol/accounts/phones.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { compileCheck } from '../kernel/validate.ts'
import { Email, KnownPassword, nullable, Password, Phone } from '../kernel/shapes.ts'
import { newPasswordRule, opaqueString, passwordForms } from './passwords.ts'

const capitals = '0190B2A0-0000-7000-8000-00000000ABCD'
const small = capitals.toLowerCase()

t.test('each text gets the form that the schema names, at any depth', t => {
  const check = compileCheck(
    Type.Object({
      id: Uuid,
      maybe: nullable(Uuid),
      list: Type.Array(Uuid),
      inner: Type.Union([Type.Object({ id: Uuid, name: Type.String() }), Type.Null()]),
      email: Email,
      phone: Phone,
      name: Type.String(),
      password: KnownPassword,
      any: Type.Unknown(),
    }),
    { phoneCountry: 'NP' },
  )
  const decomposed = 'e\u0301'
  const value = {
    id: capitals,
    maybe: capitals,
    list: [capitals, small],
    inner: { id: capitals, name: decomposed },
    email: `Ren${decomposed}\u200b@Example.org`,
    phone: '984-123 4567',
    name: `${decomposed} ${capitals}`,
    password: decomposed,
    any: { deep: [{ text: decomposed }] },
  }
  check(value)
  t.same(value, {
    id: small,
    maybe: small,
    list: [small, small],
    inner: { id: small, name: 'é' },
    email: 'René@Example.org',
    phone: '+9779841234567',
    name: `é ${capitals}`,
    password: decomposed,
    any: { deep: [{ text: 'é' }] },
  })
  const polluting = JSON.parse(`{"__proto__": "e\u0301", "id": "${capitals}"}`) as Record<
    string,
    unknown
  >
  compileCheck(Type.Object({ id: Uuid }))(polluting)
  t.same(
    [
      polluting['id'],
      Object.getOwnPropertyDescriptor(polluting, '__proto__')?.value,
      Object.getPrototypeOf(polluting),
    ],
    [small, 'é', Object.prototype],
  )
  t.end()
})

t.test('a text with too many marks is refused before it is composed', t => {
  const check = compileCheck(Type.Object({ name: Type.String() }))
  t.throws(() => check({ name: `a${'\u0301\u0316'.repeat(500_000)}` }), {
    code: 'invalid_request',
    fields: [{ field: 'name', rule: /combining marks/ }],
  })
  t.doesNotThrow(() => check({ name: `a${'\u0301'.repeat(30)}` }))
  t.doesNotThrow(() => check({ name: 'क्षत्रिय ạ̈́ 각 한' }))
  t.end()
})

t.test('phones are brought into E.164 where the country is known', t => {
  for (const [written, country, normal] of [
    ['+977 984-123 4567', null, '+9779841234567'],
    ['00977 9841234567', null, '+9779841234567'],
    ['+00977 9841234567', null, '+9779841234567'],
    ['(+977) 984.123.4567', null, '+9779841234567'],
    ['9841234567', 'NP', '+9779841234567'],
    ['09841234567', 'NP', '+9779841234567'],
    ['९८४१२३४५६७', 'NP', '+9779841234567'],
    ['٩٨٤١٢٣٤٥٦٧', 'NP', '+9779841234567'],
    ['＋９７７９８４１２３４５６７', null, '+9779841234567'],
    ['\u202a+977\u00a0984\u2011123\u20114567\u202c\ufeff', null, '+9779841234567'],
    ['tel:+9779841234567', null, '+9779841234567'],
    ['(555) 555-5555', 'US', '+15555555555'],
    ['011 977 9841234567', 'US', '+9779841234567'],
    ['+44 (0)20 7946 0958', null, '+442079460958'],
    // The digits for the plus differ by country.
    ['0011 977 9841234567', 'AU', '+9779841234567'],
    ['010 977 9841234567', 'JP', '+9779841234567'],
    ['000 254 712345678', 'KE', '+254712345678'],
    ['810 977 9841234567', 'RU', '+9779841234567'],
    ['977 9841234567', 'NP', '+9779841234567'],
    // These numbers are in the documents, although nobody has them.
    ['+1234567890', 'NP', '+1234567890'],
    ['+1999888777', null, '+1999888777'],
    ['+977', null, '+977'],
    // Without a country a number stays as written.
    ['9841234567', null, '9841234567'],
    ['(555) 555-5555', null, '(555) 555-5555'],
    ['\u200b(555)\u00a0555-5555', null, '(555) 555-5555'],
    ['123', 'NP', '123'],
    ['+1 212 555 0100 ext. 5', null, '+12125550100 ext. 5'],
  ] as const) {
    t.equal(normalPhone(written, country), normal, written)
    t.equal(normalPhone(normal, country), normal, `${normal} again`)
  }
  for (const text of [
    '',
    ' ',
    'call me',
    '+',
    '++9779841234567',
    '12',
    '9841O34567',
    '+9779841234567890123',
    '()',
    `+977${' '.repeat(100)}1`,
    '१',
    '98+41234567x',
  ])
    t.equal(normalPhone(text, 'NP'), null, text)
  t.same(
    ['+9779841234567', '9841234567', '+12125550100 ext. 5', '', '+0123'].map(isInternational),
    [true, false, false, false, false],
  )
  t.end()
})

t.test('spellings of one e-mail are equal', t => {
  for (const [one, other] of [
    ['İzmir@example.com', 'izmir@example.com'],
    ['İzmir@example.com', 'i̇zmir@EXAMPLE.com'],
    ['Rene\u0301@x.org', 'RENÉ@x.org'],
    ['ΝΙΚΟΣ@x.gr', 'νικος@x.gr'],
    ['miKe@example.org', 'mike@example.org'],
    ['ann\u200b@x.org', 'ann@x.org'],
    ['ИВАН@x.ru', 'иван@x.ru'],
    // A wide blank, full-width letters, Lithuanian accents, and a domain as a browser and as an app
    // write it.
    [' ann@x.org\u3000', 'ann@x.org'],
    ['ａｎｎ＠ｅｘａｍｐｌｅ．ｏｒｇ', 'ann@example.org'],
    ['ann@例え。jp', 'ann@例え.jp'],
    ['Ju\u0303s@x.lt', 'jũs@x.lt'],
    ['i\u0307\u0301na@x.lt', 'Ína@x.lt'],
    ['\u012f\u0307\u0301@x.lt', 'Į\u0301@x.lt'],
    ['J\u0303@x.lt', 'j\u0307\u0303@x.lt'],
    ['ann@MÜNCHEN.de', 'ann@xn--mnchen-3ya.de'],
    ['ann@XN--MNCHEN-3YA.DE', 'ann@mu\u0308nchen.de'],
    ['ann@mail.xn--mnchen-3ya.de', 'ann@mail.münchen.de'],
    ['ann@xn--mnchen-3ya.de', 'ann@xn--mnchen-3ya.de\u200b'],
  ] as const)
    t.equal(normalEmail(one), normalEmail(other), `${one} ${other}`)
  t.not(
    normalEmail('ızmir@example.com'),
    normalEmail('izmir@example.com'),
    'a dotless i is another letter',
  )
  for (const one of [
    'ann@example.org',
    'İ\u0301@MÜNCHEN.de',
    'ann@xn--.de',
    'ann@xn--mnchen-3ya.de',
    '@',
    'xn--',
    'ａ＠ｂ．ｃ',
    'ann@a b.ü',
  ])
    t.equal(
      writtenEmail(writtenEmail(one)),
      writtenEmail(one),
      `${one} keeps its form when it is written again`,
    )
  t.equal(writtenEmail('Ann@Example.org'), 'Ann@Example.org', 'otherwise as its owner wrote it')
  t.not(normalEmail('rene@x.org'), normalEmail('rené@x.org'))
  t.end()
})

t.test('passwords are compared as OpaqueString of RFC 8265', t => {
  t.equal(opaqueString('pass\u3000w\u00a0e\u0301'), 'pass w é')
  t.equal(opaqueString('Ｐａｓｓ Σ'), 'Ｐａｓｓ Σ', 'neither width nor case changes')
  t.same(passwordForms('plain'), ['plain'], 'a password with one form is tried once')
  t.same(passwordForms('e\u0301'), ['é', 'e\u0301'])
  t.match(newPasswordRule('tab\there', 8), /control/)
  t.match(
    newPasswordRule('e\u0301'.repeat(4), 8),
    /8 characters/,
    'the length counts in the form that is compared',
  )
  const check = compileCheck(Type.Object({ password: Password }))
  t.throws(() => check({ password: 'e\u0301'.repeat(4) }), { code: 'invalid_request' })
  t.doesNotThrow(
    () => check({ password: 'e\u0301'.repeat(150) }),
    'the longest password counts in its stored form',
  )
  t.throws(() => check({ password: 'e\u0301'.repeat(201) }), { code: 'invalid_request' })
  t.doesNotThrow(
    () =>
      compileCheck(Type.Object({ password: KnownPassword }))({ password: 'e\u0301'.repeat(200) }),
    'a known password of another keyboard may be longer',
  )
  t.end()
})

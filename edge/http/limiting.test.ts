/** The rate class and the audit rule of a row that states neither, and the audit row's target. */
import t from 'tap'
import Type from 'typebox'
import { auditEntry, isAudited } from './auditing.ts'
import { rateClassOf } from './limiting.ts'
import type { AnyRoute } from '../kernel/route.ts'

const row = (given: Partial<AnyRoute>): AnyRoute => ({
  method: 'GET',
  path: '/x',
  operationId: 'x',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: () => ({ status: 200 }),
  ...given,
})
const form = { fields: Type.Object({}), files: {} }

t.test('a row without settings has a rate class and an audit rule', async t => {
  for (const [name, given, rate, audited] of [
    ['anybody reads', {}, 'public', false],
    ['anybody posts: counted like a sign-in', { method: 'POST' }, 'auth', true],
    [
      'anybody posts, and the row states its class',
      { method: 'POST', rate: 'public' },
      'public',
      true,
    ],
    ['with or without a token', { method: 'POST', auth: 'optional' }, 'public', true],
    ['a read', { auth: ['user'] }, 'read', true],
    ['a change', { method: 'PATCH', auth: ['user'] }, 'write', true],
    ['a deletion', { method: 'DELETE', auth: ['admin'] }, 'write', true],
    ['a file', { method: 'POST', auth: ['user'], multipart: form }, 'upload', true],
    ['a password', { method: 'POST', auth: ['user'], rate: 'auth' }, 'auth', true],
    ["a public read of somebody's record", { audit: { kind: 'tracking' } }, 'public', true],
    ["a read of nobody's record", { auth: ['user'], audit: false }, 'read', false],
  ] as [string, Partial<AnyRoute>, string, boolean][]) {
    t.equal(rateClassOf(row(given)), rate, name)
    t.equal(isAudited(row(given)), audited, name)
  }
})

t.test('the trail names the record of an exchange by its id in small letters', async t => {
  const id = '01890a0b-cdef-7000-8000-00000000abcd'
  const other = '01890a0b-cdef-7000-8000-00000000ffff'
  const big = id.toUpperCase()
  for (const [name, params, answer, code, target] of [
    ['in the path', { id: big }, {}, null, id],
    ['in the path under another name', { orderId: big }, {}, null, id],
    ['the first one in the path is id', { orderId: other, id: big }, {}, null, id],
    ['a link that is no id is never noted', { token: 'secret' }, {}, null, null],
    ['the record that was made', {}, { headers: { location: `/api/orders/${id}` } }, null, id],
    ['the account that signed in', {}, { body: { user: { id: big } } }, null, id],
    ['an account by its other name', {}, { body: { user_id: big } }, null, id],
    ['an answer without a record', {}, { body: { user: null } }, null, null],
    ['a refusal names only what was asked', {}, { body: { user: { id } } }, 'forbidden', null],
    ['a refusal of a record', { id: big }, { body: { user: { id: other } } }, 'forbidden', id],
  ] as [string, Record<string, string>, object, string | null, string | null][])
    t.equal(
      auditEntry({
        row: row({ method: 'POST' }),
        params,
        identity: null,
        answer: { status: 200, ...answer },
        code,
        address: '192.0.2.1',
        userAgent: undefined,
        requestId: other,
      }).targetId,
      target,
      name,
    )
})

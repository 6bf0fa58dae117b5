/** The rate class and the audit rule of a row that states neither. */
import t from 'tap'
import Type from 'typebox'
import { isAudited } from './auditing.ts'
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

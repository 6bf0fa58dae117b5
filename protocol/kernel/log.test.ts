/** The log has no secrets and no personal data, and still the facts that help to mend an error. */
import t from 'tap'
import { createLog, errorFields, scrubbed } from './log.ts'

t.test('the log has no secret and no personal data', async t => {
  const lines: string[] = []
  const log = createLog('debug', null, {
    write: (line: string) => {
      lines.push(line)
    },
  })
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'
  log.info(
    {
      password: 'hunter2',
      headers: { authorization: `Bearer ${jwt}` },
      req: { headers: { cookie: 'sid=hunter3' } },
      body: { email: 'ann@example.org', phone: '555123' },
    },
    'x',
  )
  const database = Object.assign(
    new Error('duplicate key value violates unique constraint "users_email"'),
    {
      code: '23505',
      constraint: 'users_email',
      detail: 'Key (lower(email))=(ann@example.org) already exists.',
      where: 'hunter4',
      parameters: ['hunter5'],
    },
  )
  log.error(
    {
      err: new Error(`could not tell ann@example.org about ?token=hunter6&x=1, Bearer ${jwt}`, {
        cause: database,
      }),
    },
    'y',
  )
  log
    .child({ request_id: 'r-1' })
    .warn({ err: new Error('redis://:hunter7@host:6379 refused') }, 'z')
  const text = lines.join('')
  for (const secret of [/hunter\d/, /ann@example/, /555123/, /c2lnbmF0dXJl/])
    t.notMatch(text, secret)
  t.match(text, /users_email/, 'the constraint helps to mend the error')
  t.match(text, /"request_id":"r-1"/)
})

t.test('a value that is not an Error, and an error that is its own cause, are logged', async t => {
  t.same(errorFields('ann@example.org'), { message: '[e-mail]' })
  const error = new Error('a')
  error.cause = error
  t.ok(JSON.stringify(errorFields(error)))
  t.equal(scrubbed('nothing to hide'), 'nothing to hide')
})

t.test('the fields of an error are those that it has, and at most three causes', async t => {
  const plain = new TypeError('no')
  t.same(Object.keys(errorFields(plain)), ['type', 'message', 'stack'])
  t.match(errorFields(plain), { type: 'TypeError', message: 'no', stack: /^TypeError: no/ })
  const all = { code: '23505', constraint: 'c', table: 't', routine: 'r' }
  for (const [name, value] of Object.entries(all))
    t.same(
      Object.entries(errorFields(Object.assign(new Error('no'), { [name]: value }))).slice(3),
      [[name, value]],
    )
  const depthOf = (fields: Record<string, unknown>): number =>
    fields['cause'] === undefined ? 0 : 1 + depthOf(fields['cause'] as Record<string, unknown>)
  const chain = (n: number): Error => new Error(`${n}`, n === 0 ? {} : { cause: chain(n - 1) })
  t.same(
    [0, 1, 3, 9].map(n => depthOf(errorFields(chain(n)))),
    [0, 1, 3, 3],
  )
  t.same(errorFields(null), { message: 'null' })
})

t.test('addresses, tokens and passwords are removed from a text, and other words stay', async t => {
  for (const [text, clean] of [
    ['a@b.c and d.e+f@g-h.org', '[e-mail] and [e-mail]'],
    ['a@b', 'a@b'],
    ['@b.c', '[e-mail]'],
    ['user@.c', 'user@.c'],
    ['x eyJab.c-d_e y', 'x [token] y'],
    ['heyJab', 'heyJab'],
    [
      '/x?token=a&code=b&keep=c&Ticket=d "&signature=e"',
      '/x?token=[redacted]&code=[redacted]&keep=c&Ticket=[redacted] "&signature=[redacted]"',
    ],
    ['Bearer abc def', 'Bearer [redacted] def'],
    ['forbearer abc', 'forbearer abc'],
    ['nats://u:secret@h:1', 'nats://u:[redacted]@h:1'],
    ['nats://u@h', 'nats://u@h'],
  ])
    t.equal(scrubbed(text!), clean, text!)
})

import t from 'tap'
import { createLog, errorFields, scrubbed } from './log.ts'

t.test('neither secrets nor people reach the log', async t => {
  const lines: string[] = []
  const log = createLog('debug', null, { write: (line: string) => { lines.push(line) } })
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'
  log.info({ password: 'hunter2', headers: { authorization: `Bearer ${jwt}` }, req: { headers: { cookie: 'sid=hunter3' } }, body: { email: 'ann@example.org', phone: '555123' } }, 'x')
  const database = Object.assign(new Error('duplicate key value violates unique constraint "users_email"'), {
    code: '23505', constraint: 'users_email', detail: 'Key (lower(email))=(ann@example.org) already exists.', where: 'hunter4', parameters: ['hunter5'],
  })
  log.error({ err: new Error(`could not tell ann@example.org about ?token=hunter6&x=1, Bearer ${jwt}`, { cause: database }) }, 'y')
  log.child({ request_id: 'r-1' }).warn({ err: new Error('redis://:hunter7@host:6379 refused') }, 'z')
  const text = lines.join('')
  for (const secret of [/hunter\d/, /ann@example/, /555123/, /c2lnbmF0dXJl/]) t.notMatch(text, secret)
  t.match(text, /users_email/, 'what helps to mend it is there')
  t.match(text, /"request_id":"r-1"/)
})

t.test('what is not an Error, and endless causes', async t => {
  t.same(errorFields('ann@example.org'), { message: '[e-mail]' })
  const error = new Error('a')
  error.cause = error
  t.ok(JSON.stringify(errorFields(error)))
  t.equal(scrubbed('nothing to hide'), 'nothing to hide')
})

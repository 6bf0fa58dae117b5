/** The variables of Web Push: what stops the start, and the keys that an embedded edge keeps. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readKernelConfig, type EdgeRole } from '../kernel/config.ts'
import { readPushConfig } from './config.ts'
import { newVapidKeys } from './vapid.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-'))
t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
const read = (environment: Record<string, string> = {}, role: EdgeRole = 'embedded') => {
  const all = {
    DATA_DIR: dataDir,
    JWT_SECRET_KEY: 'x'.repeat(32),
    ...(role === 'edge' && {
      NATS_URL: 'nats://127.0.0.1:4222',
      REDIS_URL: 'redis://127.0.0.1:6379',
      DATABASE_URL: 'postgres://a@127.0.0.1/a',
    }),
    ...environment,
  }
  return readPushConfig(all, readKernelConfig(all, role))
}
const keys = newVapidKeys()
const given = { VAPID_PUBLIC_KEY: keys.publicKey, VAPID_PRIVATE_KEY: keys.privateKey }

t.test('an embedded edge makes its keys once, for its user alone', async t => {
  const first = read()
  const file = join(dataDir, 'vapid-private-key')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.same(read().vapid, first.vapid)
  t.equal(first.vapid!.subject, null)
  const kept = readFileSync(file)
  writeFileSync(file, '')
  t.not(read().vapid!.keys.privateKey, first.vapid!.keys.privateKey, 'an empty file is no key')
  writeFileSync(file, 'no key')
  t.throws(() => read(), /vapid-private-key is no private key/)
  writeFileSync(file, kept)
})

t.test('keys of the environment win; an edge of its own has none without them', async t => {
  t.same(read(given).vapid!.keys, keys)
  t.equal(read({}, 'edge').vapid, null)
  t.same(read({ VAPID_PRIVATE_KEY: keys.privateKey }, 'edge').vapid!.keys, keys)
  const publicUrl = { PUBLIC_URL: 'https://caduceus.example.org' }
  t.equal(read({ ...given, ...publicUrl }).vapid!.subject, 'https://caduceus.example.org')
  t.equal(read({ ...publicUrl, VAPID_SUBJECT: 'mailto:a@b.org' }).vapid!.subject, 'mailto:a@b.org')
  t.same(read({ PUSH_HOSTS: 'push.example.org, .example.net' }).endpoints, {
    hosts: ['push.example.org', '.example.net'],
    allowPrivate: false,
  })
})

t.test('a mistake is named with its variable', async t => {
  for (const [environment, line] of [
    [{ VAPID_PUBLIC_KEY: keys.publicKey }, /^VAPID_PUBLIC_KEY is set and VAPID_PRIVATE_KEY is not/],
    [{ VAPID_PRIVATE_KEY: 'x' }, /^VAPID_PRIVATE_KEY is not a private key/],
    [
      { ...given, VAPID_PUBLIC_KEY: newVapidKeys().publicKey },
      /^VAPID_PUBLIC_KEY does not belong to VAPID_PRIVATE_KEY/,
    ],
    [{ VAPID_SUBJECT: 'operator' }, /^VAPID_SUBJECT is not an address/],
    [{ PUSH_HOSTS: 'https://push.example.org' }, /^PUSH_HOSTS: "https:/],
    [{ PUSH_HOSTS: '*' }, /^PUSH_HOSTS: "\*"/],
    [{ PUSH_ALLOW_PRIVATE: 'yes' }, /^PUSH_ALLOW_PRIVATE: "yes"/],
  ] as [Record<string, string>, RegExp][])
    t.throws(() => read(environment), line)
  t.throws(
    () => read({ VAPID_SUBJECT: 'mailto:a@b.org' }, 'edge'),
    /^VAPID_SUBJECT is set and VAPID_PRIVATE_KEY is not/,
  )
})

/**
 * Starts of real servers with no key, a wrong key and a lost key; a rotation that is interrupted and
 * goes on; an edge without a key.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { backup, restore } from '../../migrations/backup/backup.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { newCustomer } from '../acceptance/people.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import type { JobRun } from '../kernel/job.ts'
import { form } from '../uploads/fixture-files.ts'
import { png } from '../uploads/samples.ts'
import { DeploymentKey } from './deployment-key.ts'
import { keyLimits } from './limits.ts'
import { Vault } from './vault.ts'

const hex = (): string => randomBytes(32).toString('hex')
const keyOf = (text: string): DeploymentKey => new DeploymentKey(Buffer.from(text, 'hex'))
const always: JobRun = { signal: new AbortController().signal, fence: async () => {} }

t.test('a server never starts without its key, and makes none beside encrypted data', async t => {
  const dataDir = await preparedDataDir()
  const folder = t.testdir()
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const start = (dir: string, more: Record<string, string> = {}) =>
    startProcess('edge/start.js', { DATA_DIR: dir, PORT: String(port), LOG_LEVEL: 'warn', ...more })
  const refused = async (dir: string, more: Record<string, string> = {}) => {
    const child = start(dir, more)
    const [code] = await once(child.process, 'exit')
    return { code: Number(code), said: child.output() }
  }
  const file = join(dataDir, 'encryption-key')
  const first = start(dataDir)
  await untilHealthy(url, first)
  t.match(await (await fetch(`${url}/api/health`)).json(), { encryption: 'on' })
  t.match(readFileSync(file, 'utf8'), /^[0-9a-f]{64}\n$/)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const { token } = await newCustomer(url)
  const sent = await fetch(`${url}/api/uploads/picture`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form(png),
  })
  const { url: path } = (await sent.json()) as { url: string }
  const read = async (): Promise<Buffer> => {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
    return Buffer.from(await answer.arrayBuffer())
  }
  t.ok((await read()).equals(png))
  await first.kill('SIGTERM')

  const kept = `${file}.elsewhere`
  renameSync(file, kept)
  const missing = await refused(dataDir)
  t.equal(missing.code, 78)
  t.match(
    missing.said,
    /^caduceus: DATA_DIR: \S+encryption-key is missing, and the database is encrypted: [^\n]+\n$/m,
  )
  t.throws(() => statSync(file), 'no other key was made')
  const wrong = await refused(dataDir, { ENCRYPTION_KEY: hex() })
  t.equal(wrong.code, 78)
  t.match(
    wrong.said,
    /^caduceus: ENCRYPTION_KEY has the fingerprint [0-9a-f]{16}, and the database is encrypted with [0-9a-f]{16}/m,
  )
  writeFileSync(file, 'not a key\n')
  t.match((await refused(dataDir)).said, /encryption-key is not 32 bytes/)
  renameSync(kept, file)

  const archive = join(folder, 'backup.tar.gz')
  await backup(dataDir, archive)
  t.equal(statSync(`${archive}.key`).mode & 0o777, 0o600)
  renameSync(`${archive}.key`, join(folder, 'far-away'))
  const restored = join(folder, 'restored')
  await restore(restored, archive)
  t.match(await refused(restored), { code: 78, said: /encryption-key is missing/ })
  const secret = readFileSync(join(folder, 'far-away'), 'utf8').trim()
  const second = start(restored, { ENCRYPTION_KEY: secret })
  await untilHealthy(url, second)
  t.ok((await read()).equals(png), 'the backup with its key has the file')
  await second.kill('SIGTERM')
})

t.test('a rotation goes on where it was interrupted', async t => {
  const [before, after, third] = [hex(), hex(), hex()]
  const edge = await startFixture({ ENCRYPTION_KEY: before })
  t.teardown(() => edge.stop())
  const { database, parts } = { database: edge.database, parts: edge.edge.parts }
  const log = pino({ level: 'silent' })
  const vault = (current: string, previous: string | null = null) =>
    new Vault({
      database,
      log,
      config: {
        encryptionKey: keyOf(current),
        previousEncryptionKey: previous === null ? null : keyOf(previous),
        encryptionKeyFile: null,
      },
    })
  const { id, token } = await edge.customer()
  const { body } = await edge.call('POST', '/api/uploads/picture', { token, body: form(png) })
  // More people than a page has, and the key of a file that a law keeps.
  const place = keyOf(before)
  const secret = randomBytes(32)
  const ids = Array.from({ length: keyLimits.rewrapPageRows + 20 }, () =>
    parts.edgeId.slice(0, 24),
  ).map((head, at) => `${head}${String(at).padStart(12, '0')}`)
  await database.pool.query(
    `insert into person_keys select * from unnest($1::uuid[], $2::text[], $3::text[])`,
    [
      ids,
      ids.map(one => place.wrap(`person_keys/${one}`, secret)),
      ids.map(() => place.fingerprint),
    ],
  )
  await t.rejects(vault(after).open(), { message: /^ENCRYPTION_KEY has the fingerprint/ })
  const during = vault(after, before)
  await during.open()
  const rotating = { message: /^ENCRYPTION_KEY_PREVIOUS is not the key with the fingerprint/ }
  await t.rejects(vault(after).open(), rotating, 'the key before is needed until the end')
  await t.rejects(vault(third, after).open(), { message: /is not finished/ })
  await t.rejects(vault(before).open(), { message: /^ENCRYPTION_KEY has the fingerprint/ })

  const stop = new AbortController()
  const left = async (): Promise<number> =>
    (
      await database.pool.query(`select from person_keys where wrapped_by = $1`, [
        place.fingerprint,
      ])
    ).rowCount!
  t.equal(await left(), ids.length + 1)
  const half = await during.rewrap({
    signal: stop.signal,
    fence: async () => stop.abort(),
  })
  t.same(half, { rewrapped: keyLimits.rewrapPageRows, unreadable: 0 })
  t.equal(await left(), 21)
  t.ok((await during.fileKey(body.id)) !== null, 'keys of both kinds open')
  for (const one of [ids[0]!, ids.at(-1)!]) t.same(await during.personKey(one), secret)

  // The edge of before makes a key in the middle of the rotation.
  t.ok((await parts.vault.personKey(parts.edgeId)) !== null)
  const again = vault(after, before)
  await again.open()
  t.same(await again.rewrap(always), { rewrapped: 22, unreadable: 0 })
  const last = vault(after)
  await last.open()
  t.ok((await last.fileKey(body.id)) !== null)
  t.same(await last.personKey(ids[7]!), secret)
  t.ok((await last.personKey(id)) !== null)
  await t.rejects(
    parts.vault.personKey(third.slice(0, 8) + parts.edgeId.slice(8)),
    { code: 'unavailable' },
    'an edge with the old key makes no key any more',
  )
  await t.rejects(parts.vault.fileKey(body.id), { code: 'unavailable' })
})

t.test('an edge without a key stores plainly, until there is one', async t => {
  const edge = await startFixture()
  t.teardown(() => edge.stop())
  const { database, log } = edge.edge.parts
  const none = { encryptionKey: null, previousEncryptionKey: null, encryptionKeyFile: null }
  const plain = new Vault({ database, log, config: none })
  await t.rejects(plain.open(), {
    message: /^ENCRYPTION_KEY is not set, and the database is encrypted: set the key/,
  })
  await database.pool.query('delete from encryption_state')
  await plain.open()
  t.equal(plain.encrypts, false)
})

/**
 * Both stores under one contract, the object store with a real server, and the stores of a
 * configuration.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { fileLimits } from './file-limits.ts'
import { readConfig } from '../../config.ts'
import { storageContract } from './contract.ts'
import { ConfigError } from '../../../protocol/kernel/environment.ts'
import { diskStorage } from './disk.ts'
import { openStorages } from './stores.ts'
import { startS3 } from './s3-server.ts'
import { readS3Config, s3Storage } from './s3.ts'

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
const configOf = (environment: Record<string, string>) =>
  readConfig(
    { DATA_DIR: join(tmpdir(), 'never'), JWT_SECRET_KEY: 'x'.repeat(32), ...environment },
    'embedded',
  )

t.test('the disk keeps the contract', t =>
  storageContract(t, 'disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'caduceus-disk-'))
    return {
      storage: diskStorage(join(folder, 'uploads'), { nowMs: Date.now }),
      atomic: true,
      pass() {},
      async vanish() {
        rmSync(folder, { recursive: true })
        writeFileSync(folder, 'not a folder any more')
      },
      close: async () => {
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }),
)

t.test('an S3 server keeps the contract', t =>
  storageContract(t, 's3', async () => {
    const server = await startS3()
    const clock = { skewMs: 0 }
    return {
      storage: s3Storage(readS3Config(server.environment)!, {
        nowMs: () => Date.now() + clock.skewMs,
        after,
        onLog() {},
      }),
      atomic: false,
      pass(ms) {
        clock.skewMs += ms
      },
      vanish: server.close,
      close: server.close,
    }
  }),
)

t.test('a folder that cannot be made stops the start', async t => {
  const folder = t.testdir({ file: '' })
  for (const never of ['/dev/null/uploads', join(folder, 'file'), join(folder, 'file', 'uploads')])
    await t.rejects(
      diskStorage(never, { nowMs: Date.now }).check(),
      { constructor: ConfigError, message: /^UPLOAD_DIR: .*; set it to a directory/ },
      never,
    )
  await t.resolves(
    diskStorage(join(folder, 'a', 'b'), { nowMs: Date.now }).check(),
    'a folder that does not exist is made',
  )
})

t.test(
  'only the owner of the process can read a file on the disk, and the remains of a crash are deleted',
  async t => {
    const folder = t.testdir({})
    const storage = diskStorage(folder, { nowMs: Date.now })
    const key = 'proof/0190a0a0-0000-7000-8000-000000000001.png'
    await storage.put(key, new Uint8Array(3), 'image/png')
    t.equal(statSync(join(folder, key)).mode & 0o777, 0o600)
    t.same(readdirSync(join(folder, 'unfinished')), [])
    mkdirSync(join(folder, 'unfinished'), { recursive: true })
    for (const name of ['old', 'new']) writeFileSync(join(folder, 'unfinished', name), '')
    utimesSync(join(folder, 'unfinished', 'old'), 0, 0)
    await storage.check()
    t.same(readdirSync(join(folder, 'unfinished')), ['new'])
    t.ok(existsSync(join(folder, key)))
  },
)

t.test('ST7 a store that never answers is unavailable after the bound', async t => {
  const silent = createServer(() => {})
  await new Promise<void>(resolve => {
    silent.listen(0, '127.0.0.1', resolve)
  })
  const sockets = new Set<{ destroy(): void }>()
  silent.on('connection', socket => sockets.add(socket))
  const waited: number[] = []
  const impatient = (ms: number, run: () => void) => {
    waited.push(ms)
    return after(20, run)
  }
  const config = readS3Config({
    S3_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    S3_BUCKET: 'caduceus',
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 'b',
  })
  const storage = s3Storage(config!, { nowMs: Date.now, after: impatient, onLog() {} })
  await t.rejects(storage.remove('proof/0190a0a0-0000-7000-8000-000000000001.png'), {
    code: 'unavailable',
  })
  t.same(waited, [fileLimits.storageTimeoutMs])
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => {
    silent.close(resolve)
  })
})

t.test(
  'a configuration that cannot work stops the start, names the variable and shows no secret',
  async t => {
    const server = await startS3()
    t.teardown(server.close)
    const good = server.environment
    const checked = async (change: Record<string, string | undefined>): Promise<string> => {
      try {
        const storages = openStorages(
          configOf({ ...good, ...change } as Record<string, string>).stores,
          {
            nowMs: Date.now,
            after,
            onLog() {},
          },
        )
        await storages.current.check()
        return storages.current.name
      } catch (error) {
        return (error as Error).message
      }
    }
    t.equal(await checked({}), 's3')
    t.equal(await checked({ S3_ENDPOINT: `${good.S3_ENDPOINT}/` }), 's3')
    t.match(
      await checked({ S3_BUCKET: 'missing' }),
      /^S3_BUCKET: the store at S3_ENDPOINT has no bucket "missing"/,
    )
    const wrong = await checked({ S3_SECRET_ACCESS_KEY: 'do-not-repeat-me' })
    t.match(wrong, /^S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are refused/)
    t.notMatch(wrong, 'do-not-repeat-me')
    t.match(
      await checked({ S3_SECRET_ACCESS_KEY: undefined }),
      /^S3_SECRET_ACCESS_KEY is not set; .* belong together$/,
    )
    t.match(
      await checked({ S3_BUCKET: undefined, S3_ENDPOINT: undefined }),
      /^S3_ENDPOINT, S3_BUCKET are not set/,
    )
    t.match(await checked({ S3_ENDPOINT: 'localhost:9000' }), /^S3_ENDPOINT is not a URL/)
    t.match(await checked({ S3_PUBLIC_URL: 'files' }), /^S3_PUBLIC_URL is not a URL/)
    t.match(await checked({ S3_BUCKET: '../x' }), /^S3_BUCKET is not the name of a bucket/)
    const none = {
      S3_ENDPOINT: undefined,
      S3_BUCKET: undefined,
      S3_ACCESS_KEY_ID: undefined,
      S3_SECRET_ACCESS_KEY: undefined,
    }
    t.match(await checked(none), /^S3_REGION is set and/)
    t.equal(await checked({ ...none, S3_REGION: undefined }), 'disk')
  },
)

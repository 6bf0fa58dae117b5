/**
 * Backup and restore of an embedded server by the commands that an operator runs; the restored
 * server finds its orders.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { backup, restore } from '../../migrations/backup/backup.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import { http, newCustomer, newPharmacy } from './people.ts'

const tool = fileURLToPath(assetUrl('dist/migrations/backup/main.js'))
const run = (
  work: 'backup' | 'restore',
  dataDir: string,
  file: string,
  more: NodeJS.ProcessEnv = {},
) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    execFile(
      process.execPath,
      [tool, work, file],
      { env: { PATH: process.env.PATH, DATA_DIR: dataDir, ...more } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

t.test(
  'a restored server has its orders and files, and no command overwrites anything',
  { timeout: 170_000 },
  async t => {
    const dataDir = await preparedDataDir()
    const folder = t.testdir()
    const file = join(folder, 'backup.tar.gz')
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const start = async (dir: string) => {
      const child = startProcess('edge/start.js', {
        DATA_DIR: dir,
        PORT: String(port),
        LOG_LEVEL: 'warn',
      })
      await untilHealthy(url, child)
      return child
    }
    const first = await start(dataDir)
    const [customer, pharmacy] = await Promise.all([
      newCustomer(url),
      newPharmacy(url, 'A', 27.7, 85.3),
    ])
    const request = {
      latitude: 27.7,
      longitude: 85.3,
      radius_km: 5,
      quantity: 1,
      expires_in_seconds: 600,
    }
    const open = () =>
      http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: request,
        headers: { 'idempotency-key': 'kept' },
      })
    const id = (await open()).body.request_id
    t.equal(
      (
        await http(url, 'POST', `/api/requests/${id}/responses`, {
          token: pharmacy.token,
          body: { response_type: 'ACCEPTED' },
        })
      ).status,
      201,
    )
    mkdirSync(join(dataDir, 'uploads'), { recursive: true })
    writeFileSync(join(dataDir, 'uploads', 'picture'), 'bytes')

    t.match(
      await run('backup', dataDir, file),
      {
        code: 1,
        err: new RegExp(
          `^backup: DATA_DIR .* is in use by process ${first.process.pid}: stop that process[^\\n]*\\n$`,
        ),
      },
      'a server that runs is not backed up',
    )
    t.notOk(existsSync(file))
    await first.kill('SIGKILL')
    t.match(
      await run('backup', dataDir, file),
      { code: 0, out: /is in/ },
      'a backup after a crash is whole',
    )
    await t.rejects(backup(dataDir, file), { message: / exists; / })
    await t.rejects(restore(dataDir, file), { message: /^DATA_DIR .* is not empty \(/ })
    await t.rejects(backup(join(folder, 'nothing'), join(folder, 'x')), {
      message: /^DATA_DIR .* holds no database/,
    })
    t.match(await run('backup', dataDir, file, { DATABASE_URL: 'postgres://x' }), {
      code: 78,
      err: /^backup: DATABASE_URL [^\n]+pg_dump[^\n]+\n$/,
    })

    const restored = join(folder, 'restored')
    t.match(await run('restore', restored, file), { code: 0, out: /is restored in/ })
    const second = await start(restored)
    t.match(
      (await http(url, 'GET', `/api/requests/${id}`, { token: customer.token })).body,
      { status: 'accepted', vendor_id: pharmacy.pharmacyId },
      'the order is there, and the old token works',
    )
    t.equal((await open()).body.request_id, id, 'the same key, the same order [3]')
    t.ok(existsSync(join(restored, 'uploads', 'picture')))
    const vapidKey = (directory: string) =>
      readFileSync(join(directory, 'vapid-private-key'), 'utf8')
    t.equal(vapidKey(restored), vapidKey(dataDir), 'browsers need not subscribe anew')
    t.equal(await second.stop(), 0)

    writeFileSync(join(folder, 'half.tar.gz'), 'not a backup')
    await t.rejects(restore(join(folder, 'other'), join(folder, 'half.tar.gz')), {
      message: / is not a whole backup: /,
    })
    await t.rejects(restore(join(folder, 'other'), join(folder, 'none')), {
      message: / is not there$/,
    })
  },
)

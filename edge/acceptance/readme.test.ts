/**
 * The walk of the README runs as it is written, against a server of its own, and ends with a
 * delivery.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { startEmbedded } from '../embedded.ts'

t.test('the walk of the README ends with a delivery', { timeout: 120_000 }, async t => {
  const dataDir = await preparedDataDir()
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-readme-'))
  const server = await startEmbedded(
    { REGISTRATION: 'open', DATA_DIR: dataDir, PORT: '0' },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await server.stop()
    for (const made of [dataDir, folder]) rmSync(made, { recursive: true, force: true })
  })
  const readme = readFileSync(assetUrl('README.md'), 'utf8')
  const walk = /```sh\n(api=http:\/\/localhost:8000\n[\s\S]*?)```/.exec(readme)?.[1]
  t.ok(walk, 'the walk is in the README')
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', walk!.replace('http://localhost:8000', server.url)],
    { cwd: folder, timeout: 60_000 },
  )
  t.match(stdout, /"outcome":"won"/, 'the pharmacy wins the request')
  t.match(stdout, /\ndelivered\n?$/, 'and it ends with the delivery')
})

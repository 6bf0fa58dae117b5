/**
 * The demo with fixtures, as a person runs it: one process serves and writes the tokens, another
 * walks through a request, and each counts the pharmacies that the documents count.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startCommand } from '../../protocol/testing/processes.ts'
import { type Fixtures } from './fixtures.ts'

const demo = fileURLToPath(assetUrl('dist/bench/city/main.js'))
const run = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    execFile(process.execPath, [demo, ...args], { timeout: 90_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

t.test('the people of the documents, and their walk', { timeout: 180_000 }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-fixtures-'))
  const file = join(folder, 'test_tokens.json')
  // A file that others may read, and that another run left.
  writeFileSync(file, '{}', { mode: 0o644 })
  const port = String(await freePort())
  const server = startCommand(
    [process.execPath, '--enable-source-maps', demo, '--fixtures', file, '--port', port],
    { PATH: process.env['PATH'], MONGO_URL: 'mongodb://x' },
    folder,
  )
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const until = Date.now() + 90_000
  while (!server.output().includes('--request')) {
    if (server.process.exitCode !== null || Date.now() > until) throw new Error(server.output())
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
  t.equal(statSync(file).mode & 0o777, 0o600, 'only the owner may read the tokens')
  const fixtures = JSON.parse(readFileSync(file, 'utf8')) as Fixtures
  t.same(Object.keys(fixtures), [
    'url',
    'customer',
    'pharmacy_A',
    'pharmacy_B',
    'pharmacy_C',
    'pharmacy_D',
  ])
  t.notMatch(server.output(), fixtures.customer.token, 'no token is printed')

  for (const [radius, count, taken, silent] of [
    ['3', 2, ['B'], ['C', 'D']],
    ['10', 3, ['B', 'C'], ['D']],
    ['20', 4, ['B', 'C', 'D'], []],
  ] as const) {
    const { code, out, err } = await run('--request', file, '--radius', radius)
    t.equal(code, 0, err)
    t.match(out, `"Medicine request sent to ${count} nearby pharmacies"`)
    t.match(out, /Pharmacy A accepts: 201/)
    t.match(out, 'the customer hears pharmacy_response: Pharmacy A "Available!"')
    for (const name of taken) t.match(out, `Pharmacy ${name} hears request_taken`)
    for (const name of silent) t.match(out, `Pharmacy ${name} hears nothing`)
    t.match(
      out,
      'Pharmacy B accepts too late: 400 "This request has already been assigned to a pharmacy"',
    )
    t.match(out, /the newest is ACCEPTED by Pharmacy A/)
  }

  t.equal(await server.stop(), 0)
  const gone = await run('--request', file)
  t.equal(gone.code, 1)
  t.match(gone.err, /^demo: .* does not answer .* is the demo running\?\n$/)
})

t.test('a file that is none of ours is named', async t => {
  const folder = t.testdir({ 'other.json': '{"url":"http://127.0.0.1:1"}' })
  const other = await run('--request', join(folder, 'other.json'))
  t.match(other, { code: 1, err: /^demo: --request: .*other\.json is not a file of --fixtures\n$/ })
  const missing = await run('--request', join(folder, 'missing.json'))
  t.match(missing, { code: 1, err: /^demo: --request: .*missing\.json cannot be read/ })
  t.match(await run('--request', 'a', '--fixtures', 'b'), { code: 64, err: /give one of them/ })
})

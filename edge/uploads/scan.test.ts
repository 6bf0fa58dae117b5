/**
 * The virus scanner: what it says decides, and its absence lets nothing in. The scanner here speaks
 * as `clamd` does; where one is installed, a real one looks at the test file that every scanner
 * knows.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { readScanner, scan } from './scan.ts'
import { pdf } from './samples.ts'

/** The file of EICAR is in two parts, so that no scanner refuses this source. */
const eicar = Buffer.from(
  ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''),
)
const folder = mkdtempSync(join(tmpdir(), 'caduceus-scan-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** A scanner that finds the word in what it was sent. */
async function scanner(word: string, answers = { bad: 'stream: Test FOUND', good: 'stream: OK' }) {
  const path = join(folder, `${word}.ctl`)
  const server = createServer(socket => {
    let bytes = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      bytes = Buffer.concat([bytes, chunk])
      const head = 'zINSTREAM\0'.length
      if (bytes.length < head + 4) return
      const length = bytes.readUInt32BE(head)
      if (bytes.length < head + 4 + length + 4) return
      const body = bytes.subarray(head + 4, head + 4 + length)
      socket.end(`${body.includes(word) ? answers.bad : answers.good}\0`)
    })
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return path
}

t.test('the address is a path, or a host with a port', async t => {
  t.equal(readScanner({}), null)
  t.same(readScanner({ CLAMD_SOCKET: '/run/clamd' }), { path: '/run/clamd' })
  t.same(readScanner({ CLAMD_SOCKET: '::1:3310' }), { host: '::1', port: 3310 })
  for (const CLAMD_SOCKET of ['clamd', 'host:0', 'host:99999', ':3310'])
    t.throws(() => readScanner({ CLAMD_SOCKET }), /CLAMD_SOCKET/, CLAMD_SOCKET)
})

t.test('an upload is looked at before it is kept', async t => {
  const edge = await startFixture({ CLAMD_SOCKET: await scanner('Catalog') })
  t.teardown(() => edge.stop())
  const customer = await edge.customer()
  const send = (file: Uint8Array) => {
    const body = new FormData()
    body.append('file', new Blob([file as Uint8Array<ArrayBuffer>]))
    return edge.call('POST', '/api/uploads/document', { token: customer.token, body })
  }
  t.match(await send(pdf), { status: 422, body: { code: 'file_infected' } })
  t.match(await send(Buffer.from('a harmless line')), { status: 201 })
  const rows = await edge.database.kysely.selectFrom('uploads').select('content_type').execute()
  t.same(rows, [{ content_type: 'text/plain' }], 'nothing is left of the refused file')
})

t.test('a scanner that fails or is away refuses the file', async t => {
  const failing = await scanner('fails', { bad: '', good: 'stream: size limit exceeded. ERROR' })
  for (const path of [failing, join(folder, 'nobody.ctl')])
    await t.rejects(scan({ path }, eicar), { code: 'unavailable' }, path)
})

const installed = spawnSync('clamd', ['--version']).status === 0
t.test('clamd itself', { skip: installed ? false : 'clamd is not installed' }, async t => {
  const path = join(folder, 'clamd.ctl')
  writeFileSync(join(folder, 'test.ndb'), `Eicar:0:*:${eicar.toString('hex')}\n`)
  writeFileSync(
    join(folder, 'clamd.conf'),
    `LocalSocket ${path}\nDatabaseDirectory ${folder}\nForeground yes\nUser root\n`,
  )
  const clamd = spawn('clamd', ['-c', join(folder, 'clamd.conf')], { stdio: 'ignore' })
  const ended = once(clamd, 'exit')
  t.teardown(() => (clamd.kill('SIGKILL'), ended))
  let ready = false
  while (!ready && clamd.exitCode === null) {
    await sleep(100)
    ready = await scan({ path }, pdf).then(
      () => true,
      () => false,
    )
  }
  t.ok(ready, 'it starts, and finds nothing in a harmless file')
  await t.rejects(scan({ path }, eicar), { code: 'file_infected' })
})

/**
 * Checkpoints reach a file, a webhook and a server that cosigns only what follows from its own last
 * checkpoint; exports carry the cosignature, and each form of an export says the same.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import t from 'tap'
import { parseCheckpoint } from '../../protocol/custody-log/checkpoints.ts'
import { witness, witnessKey } from '../../protocol/custody-log/fixture-log.ts'
import { cosignedNote } from '../../protocol/custody-log/notes.ts'
import { isConsistent } from '../../protocol/custody-log/proofs.ts'
import { verifyExport } from '../../protocol/custody-log/verify.ts'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import { startWithJournal, walk } from './fixture-journal.ts'
import { readCustodyConfig } from './config.ts'
import { signWhenDue } from './take.ts'
import { tellWitnesses } from './telling.ts'
import { custodyLimits } from './limits.ts'

/** A witness as c2sp.org/tlog-witness describes one, and a webhook that keeps what it hears. */
const heard: any[] = []
let known: { size: number; root: Uint8Array } = { size: 0, root: Buffer.alloc(0) }
let down = false
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    if (down) return response.writeHead(503).end()
    if (request.url === '/hook') {
      heard.push(JSON.parse(body))
      return response.writeHead(204).end()
    }
    const [head, ...rest] = body.split('\n\n')
    const note = rest.join('\n\n')
    const [old, ...proof] = head!.split('\n')
    if (old !== `old ${known.size}`)
      return response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${known.size}\n`)
    const { size, root } = parseCheckpoint(note)
    const hashes = proof.map(line => Buffer.from(line, 'base64'))
    if (known.size > 0 && !isConsistent(hashes, known.size, size, known.root, root))
      return response.writeHead(422).end()
    known = { size, root }
    const signed = cosignedNote(note, witness, 1_790_000_000)
    return response.end(signed.slice(note.length))
  })
}).listen(0, '127.0.0.1')
await new Promise(resolve => {
  server.once('listening', resolve)
})
t.teardown(() => server.close())
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const file = join(t.testdir(), 'checkpoints')

const edge = await startWithJournal(t, {
  CUSTODY_WITNESSES: `file:${file}, ${address}/hook,${witnessKey}@${address}`,
})
const { parts, happen, settled, newOrder, call, clock } = edge
const { customer, order } = await (async () => {
  const person = await edge.customer()
  const id = await newOrder({ user_id: person.id })
  for (const type of walk) await happen(id, type)
  return { customer: person, order: id }
})()
/** Signs what there is, whatever the time since the last checkpoint. */
async function signed(): Promise<void> {
  await settled()
  clock.skewMs += custodyLimits.checkpointMs + 1
  await signWhenDue(parts)
}
const told = async () => {
  for (;;) {
    const { rows } = await edge.database.pool.query<{ size: number }>(
      'select size from custody_witnesses where size = (select max(size) from custody_checkpoints)',
    )
    if (rows.length === 3) return
    await tellWitnesses(parts)
  }
}
const path = `/api/orders/${order}/custody/export`
const exported = (query = '') => call('GET', path + query, { token: customer.token })

t.test('each witness hears of a checkpoint, and its cosignature is in the export', async t => {
  await signed()
  await told()
  const note = readFileSync(file, 'utf8').split('\n\n')[0]!
  t.match(note, /^caduceus\/custody\n\d+\n/)
  t.match(heard.at(-1), {
    type: 'custody.checkpoint',
    log_key: parts.config.custodySigner!.key,
    size: known.size,
  })
  const response = await fetch(`http://127.0.0.1:${edge.edge.port}${path}`, {
    headers: { authorization: `Bearer ${customer.token}` },
  })
  const { faults, proven } = verifyExport(new Uint8Array(await response.arrayBuffer()), {
    logKey: parts.config.custodySigner!.key,
    witnessKeys: [witnessKey],
  })
  t.same(faults, [])
  t.match(proven, { entries: 4, witnesses: [{ name: 'witness.example' }] })
  t.same((await call('GET', '/api/custody/checkpoints')).body.witness_keys, [witnessKey])
})

t.test('a witness that is behind or ahead of what we remember is told the right proof', async t => {
  await happen(order, 'arrived_at_dropoff')
  await edge.database.pool.query(`update custody_witnesses set size = 1 where witness like '%@%'`)
  await signed()
  const before = known.size
  await told()
  t.ok(known.size > before, 'it took the checkpoint after it had said its size')
})

t.test('a witness that is away fails the run and holds nobody up', async t => {
  await happen(order, 'delivery_failed')
  await signed()
  const entries = () => readFileSync(file, 'utf8').match(/^caduceus/gm)!.length
  const before = entries()
  down = true
  await t.rejects(
    tellWitnesses(parts),
    /no checkpoint was told to 127\.0\.0\.1:\d+, witness\.example/,
  )
  t.ok(entries() >= before)
  down = false
  await told()
  t.match(await exported(), { status: 200 })
})

t.test('EPCIS and the page say what the file says', async t => {
  const epcis = await exported('?format=epcis')
  t.match(epcis.headers.get('content-type'), 'application/ld+json')
  t.same(
    epcis.body.epcisBody.eventList.map((event: any) => event['caduceus:step']),
    [
      'accepted',
      'driver_assigned',
      'picked_up',
      'out_for_delivery',
      'arrived_at_dropoff',
      'delivery_failed',
    ],
  )
  const page = await exported('?format=html')
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/)
  t.match(page.body, 'Could not be handed over')
  t.match(page.body, 'nobody at home')
  t.notMatch(page.body, /<script|href=|src=/)
  t.equal((await exported('?format=pdf')).status, 400)
})

const browserPath = findBrowser()
t.test(
  'the page has its style under its policy, on the screen and on paper',
  { skip: browserPath === null && 'chromium is not installed' },
  async t => {
    const order2 = await newOrder({ user_id: customer.id })
    await happen(order2, 'order_accepted')
    await happen(order2, 'driver_assigned')
    await happen(order2, 'picked_up')
    await happen(order2, 'delivery_failed', { reason: '<img src=x onerror=alert(1)> & co' })
    await settled()
    const browser = await chromium.launch({
      executablePath: browserPath!,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    })
    t.teardown(() => browser.close())
    const view = await browser.newPage({
      extraHTTPHeaders: { authorization: `Bearer ${customer.token}` },
    })
    const troubles: string[] = []
    view.on('console', line => troubles.push(line.text()))
    await view.goto(
      `http://127.0.0.1:${edge.edge.port}/api/orders/${order2}/custody/export?format=html`,
    )
    t.equal(await view.locator('tbody tr').count(), 4)
    t.match(await view.locator('tbody').innerText(), '<img src=x onerror=alert(1)> & co')
    const collapse = () =>
      view.locator('table').evaluate(table => getComputedStyle(table).borderCollapse)
    t.equal(await collapse(), 'collapse')
    t.match((await view.pdf()).subarray(0, 5).toString(), '%PDF-')
    t.same(troubles, [], 'the policy stopped nothing')
  },
)

t.test('a wrong setting is named', async t => {
  const read = (environment: Record<string, string>) => () =>
    readCustodyConfig(environment, { role: 'edge', dataDir: '', publicUrl: null } as never)
  t.throws(read({ CUSTODY_LOG_KEY: 'short' }), /CUSTODY_LOG_KEY is not 64/)
  t.throws(read({ CUSTODY_LOG_NAME: 'a b' }), /CUSTODY_LOG_NAME has a space/)
  t.throws(read({ CUSTODY_WITNESSES: 'somewhere' }), /CUSTODY_WITNESSES: an entry is none of/)
  t.throws(read({ CUSTODY_WITNESSES: `x+y+z@${address}` }), /the key of a witness/)
  const twice = `${witnessKey}@${address}/a,${witnessKey}@${address}/b`
  t.throws(read({ CUSTODY_WITNESSES: twice }), /a key twice/)
  t.equal(read({})().custodySigner, null, 'an edge of its own makes no key')
  const keyed = read({ CUSTODY_LOG_KEY: 'ab'.repeat(32) })().custodySigner
  t.match(keyed?.key, /^caduceus\/custody\+/)
  t.notMatch(JSON.stringify(keyed), 'abab', 'the key is in no text')
})

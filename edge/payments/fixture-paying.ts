/** A whole server that takes payments, its people, and the steps of an order that is paid. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { decodeBody } from '../../protocol/bus/codec.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { OlderMessage } from '../../protocol/dispatch/older-topics.ts'
import { createWorld, type Who } from '../acceptance/access-world.ts'
import { eventually, http, password, upload, type Answer } from '../acceptance/people.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startEmbedded } from '../embedded.ts'
import { checkSums } from '../ledger/housekeeping.ts'
import { takeOrders } from './take.ts'
import { sendDue } from './worker.ts'

/** After each test all balances must sum to nothing. */
export async function payingWorld(t: Test, environment: Record<string, string>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-'))
  const embedded = await startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', RATE_LIMIT_AUTH_PER_ACCOUNT: '10000', ...environment },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { parts } = embedded.edge
  const { url } = embedded
  const { kysely: db } = parts.database
  const heard: PublishedEvent[] = []
  const older: OlderMessage[] = []
  parts.bus.subscribe(subjects.eventFilter, ({ body }) => {
    heard.push(decodeBody(body) as PublishedEvent)
  })
  parts.bus.subscribe(subjects.paymentFilter, ({ body }) => {
    older.push(decodeBody(body) as OlderMessage)
  })
  t.afterEach(async () => {
    assert.deepEqual(await checkSums(parts as never), { faults: 0 }, 'all balances sum to nothing')
  })
  const world = await createWorld(embedded)
  const { call, vendor, driver } = world

  const email = `second-${Date.now()}@example.com`
  const account = { email, full_name: 'Second', phone: '', role: 'admin' as const, password }
  await createAccount(db, parts, account, async () => null)
  const { body: login } = await http(url, 'POST', '/api/auth/login', { body: { email, password } })
  const secondAdmin: string = login.access_token

  const placed = (more: object) =>
    call('customer', 'POST', '/api/orders', {
      vendor_id: vendor.pharmacyId,
      delivery_address: '2 Side St',
      delivery_latitude: 27.72,
      delivery_longitude: 85.33,
      items: [{ name: 'Paracetamol', quantity: 1 }],
      ...more,
    })
  const accepted = async (order: object, price: object): Promise<string> => {
    const { status, body } = await placed(order)
    assert.equal(status, 201, JSON.stringify(body))
    const id: string = body.id
    await call('vendor', 'POST', `/api/orders/${id}/accept`, price)
    return id
  }
  const assign = (id: string): Promise<Answer> =>
    call('vendor', 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
  const paymentOf = async (id: string, who: Who = 'customer') =>
    (await call(who, 'GET', `/api/orders/${id}/payment`)).body
  /** The work of the loops, so that a test waits less. */
  const work = async (): Promise<void> => {
    await takeOrders(parts).catch(() => {})
    await sendDue(parts, parts.processor).catch(() => {})
  }
  const payment = async (id: string, is: (one: Answer['body']) => boolean) => {
    const looked = async (): Promise<Answer> => {
      await work()
      return call('customer', 'GET', `/api/orders/${id}/payment`)
    }
    return (await eventually(looked, ({ body }) => is(body))).body
  }
  const accountsOf = (owner: string) =>
    call('admin', 'GET', `/api/ledger/accounts?owner_id=${owner}`)
  const byCode = (accounts: readonly { code: string; balance: number }[]): Record<string, number> =>
    Object.fromEntries(accounts.map(one => [one.code, one.balance]))

  return {
    ...world,
    /** What other services hear on the bus, under both names. */
    heard,
    older,
    url,
    parts,
    secondAdmin,
    placed,
    accepted,
    assign,
    paymentOf,
    /** The payment, once it is as asked. */
    payment,
    accountsOf,
    byCode,
    /** The balances of an owner, by the codes of the accounts. */
    balances: async (owner: string) => byCode((await accountsOf(owner)).body.accounts),
    async pickUp(id: string): Promise<void> {
      await assign(id)
      for (const status of ['picked_up', 'out_for_delivery'])
        await call('driver', 'PATCH', `/api/orders/${id}`, { status })
    },
    deliver: async (id: string, words: object, key: Record<string, string> = {}) =>
      call(
        'driver',
        'PATCH',
        `/api/orders/${id}`,
        {
          status: 'delivered',
          proof_photo_url: await upload(url, driver.token, 'proof'),
          reason: 'handed over at the gate',
          ...words,
        },
        key,
      ),
    /** One administrator proposes it, another one approves it three times at once. */
    async refund(id: string, refundParts: object): Promise<void> {
      const { body } = await call('admin', 'POST', `/api/orders/${id}/payment/refund`, {
        ...refundParts,
        reason: 'one was missing',
      })
      const path = `/api/orders/${id}/payment/refunds/${body.refunds.at(-1).id}/decision`
      const approve = () =>
        http(url, 'POST', path, { token: secondAdmin, body: { decision: 'approved' } })
      await Promise.all([approve(), approve(), approve()])
    },
  }
}
export type PayingWorld = Awaited<ReturnType<typeof payingWorld>>

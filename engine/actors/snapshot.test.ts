/** The bytes of snapshots: the head, the versions of older releases, and bytes that are refused. */
import { Packr } from 'msgpackr'
import t from 'tap'
import { driverKind } from '../drivers/kind.ts'
import { orderKind } from '../orders/kind.ts'
import type { AnyKind } from './kind.ts'
import { decodeSnapshot, encodeSnapshot, snapshotHead } from './snapshot.ts'

const [order, driver]: AnyKind[] = [orderKind, driverKind]

const id = '0190a5a0-1234-7abc-8def-f123456789ab'
const body = {
  state: { kind: 'accepted', core: { orderId: id }, count: 1 },
  acceptedIds: ['a', 'b'],
  updatedAtMs: 1_800_000_000_123,
}

t.test('the head is read without the state', async t => {
  for (const [kind, wakeAtMs, attentive] of [
    [order, null, false],
    [driver, 0, true],
    [order, 1_800_000_060_000, true],
  ] as const) {
    const bytes = Buffer.from(
      encodeSnapshot(id, body, kind!, { version: 70_000, wakeAtMs, attentive }),
    )
    t.same(snapshotHead(bytes.subarray(0, 24)), {
      kindByte: kind!.byte,
      version: 70_000,
      updatedAtMs: body.updatedAtMs,
      wakeAtMs,
      attentive,
    })
    t.same(decodeSnapshot(id, bytes, kind!), body)
    t.same(
      decodeSnapshot(id, Buffer.concat([Buffer.alloc(3), bytes]).subarray(3), kind!),
      body,
      'at any place of a buffer',
    )
  }
})

t.test('a snapshot of version 1 is read, and has no head', async t => {
  const old = Buffer.concat([Buffer.from([0xca, 1]), new Packr({ useRecords: false }).pack(body)])
  t.same(decodeSnapshot(id, old, order!), body)
  t.equal(snapshotHead(old), null)
})

t.test(
  "the list of recent orders in a driver's snapshot of a release before ADR 18 is dropped",
  async t => {
    const state = { kind: 'registered', driverId: id, activeOrderIds: [] }
    const carried = { ...body, state: { ...state, recentOrderIds: [id] } }
    t.same(
      decodeSnapshot(
        id,
        encodeSnapshot(id, carried, driver!, { version: 3, wakeAtMs: null, attentive: false }),
        driver!,
      ).state,
      state,
    )
    t.same(
      decodeSnapshot(
        id,
        Buffer.concat([Buffer.from([0xca, 1]), new Packr({ useRecords: false }).pack(carried)]),
        driver!,
      ).state,
      state,
    )
  },
)

t.test('bytes that are no snapshot, or a newer one, are refused', async t => {
  const bytes = new Uint8Array(
    encodeSnapshot(id, body, order!, { version: 1, wakeAtMs: null, attentive: false }),
  )
  t.throws(() => decodeSnapshot(id, new Uint8Array([1, 2, 3]), order!), /not a snapshot/)
  t.throws(
    () => decodeSnapshot(id, bytes.with(1, 9), order!),
    /snapshot version 9, this code reads up to 3/,
  )
})

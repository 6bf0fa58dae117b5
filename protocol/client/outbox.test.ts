/** The buffer of positions in a driver's client, without a network. */
import fc from '../testing/properties.ts'
import t from 'tap'
import type { LocationFrame } from '../river/frames.ts'
import { Outbox, readAck } from './outbox.ts'
import { clientLimits } from './limits.ts'

const frame = (seq: number): LocationFrame => ({
  seq,
  timestampMs: 1_000 + seq,
  latitude: 1,
  longitude: 2,
  headingDeg: null,
  speedMps: null,
  accuracyM: null,
})
const seqs = (frames: readonly LocationFrame[]): number[] => frames.map(f => f.seq)

t.test('frames leave in messages, and are kept until they are acknowledged', async t => {
  const outbox = new Outbox()
  for (let seq = 1; seq <= 100; seq++) outbox.push(frame(seq))
  t.same(
    seqs(outbox.take()),
    Array.from({ length: 64 }, (_, i) => i + 1),
  )
  t.equal(outbox.take().length, 36)
  t.same(outbox.take(), [])
  t.ok(outbox.acknowledge(70))
  t.notOk(outbox.acknowledge(70), 'no progress')
  t.equal(outbox.length, 30)
  outbox.rewind()
  t.notOk(
    outbox.acknowledge(80),
    'an acknowledgement of frames that were not sent again is ignored',
  )
  t.same(seqs(outbox.take())[0], 71)
})

t.test('the number of frames without an acknowledgement is bounded', async t => {
  const outbox = new Outbox()
  for (let seq = 0; seq < clientLimits.framesInFlightMax + 100; seq++) outbox.push(frame(seq))
  let sent = 0
  for (let batch = outbox.take(); batch.length > 0; batch = outbox.take()) sent += batch.length
  t.equal(sent, clientLimits.framesInFlightMax)
})

t.test('a full buffer drops its oldest frames', async t => {
  const outbox = new Outbox(3)
  outbox.push(frame(1))
  outbox.take()
  for (const seq of [2, 3, 4, 5]) outbox.push(frame(seq))
  t.same(seqs(outbox.frames), [3, 4, 5])
  t.equal(outbox.evicted, 2)
  t.same(seqs(outbox.take()), [3, 4, 5])
})

t.test('the buffer always has the newest unacknowledged frames, in order', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const) }),
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('ack' as const), back: fc.nat(5) }),
    fc.record({ do: fc.constant('rewind' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const outbox = new Outbox(10)
      let next = 0
      let acknowledged = -1
      let lastSent = -1
      for (const now of steps) {
        if (now.do === 'push') outbox.push(frame(next++))
        else if (now.do === 'take') lastSent = Math.max(lastSent, ...seqs(outbox.take()))
        else if (now.do === 'rewind') outbox.rewind()
        else if (outbox.acknowledge(lastSent - now.back)) acknowledged = lastSent - now.back
        const first = Math.max(acknowledged + 1, next - 10)
        if (outbox.frames.some((f, i) => f.seq !== outbox.frames[0]!.seq + i)) return false
        // Frames behind the acknowledged ones may have been dropped.
        if (
          outbox.length > 0 &&
          (outbox.frames[0]!.seq < first || outbox.frames.at(-1)!.seq !== next - 1)
        )
          return false
        if (outbox.inFlight > outbox.length) return false
      }
      return true
    }),
  )
})

t.test('times in the future are corrected, and other times are kept', async t => {
  const outbox = new Outbox()
  outbox.push({ ...frame(1), timestampMs: 100 })
  outbox.push({ ...frame(2), timestampMs: 5_000 })
  outbox.correctFuture(1_000, 3_900)
  t.same(
    outbox.frames.map(f => f.timestampMs),
    [100, 1_000],
  )
})

t.test('acknowledgements are read in every form of integers, and other bytes are not', async t => {
  const head = [0x92, 0xa3, 0x61, 0x63, 0x6b]
  for (const [tail, expected] of [
    [[5], 5],
    [[0xcc, 200], 200],
    [[0xcd, 1, 0], 256],
    [[0xce, 0xff, 0xff, 0xff, 0xff], 4_294_967_295],
    [[], null],
    [[0xce, 1], null],
    [[0xcf, 0, 0, 0, 0, 0, 0, 0, 1], null],
    [[5, 5], null],
  ] as const)
    t.equal(readAck(Uint8Array.from([...head, ...tail])), expected)
  t.equal(readAck(Uint8Array.of(1, 2, 3, 4, 5, 6)), null)
})

/** The room of bodies: its counts and its refusals. Every count returns to zero. */
import fc from '../../../protocol/testing/properties.ts'
import t from 'tap'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { bodyLimits } from './limits.ts'
import { BodyRoom, type Holder, type Seat } from './room.ts'

const megabyte = 1024 * 1024
const upload = (room: BodyRoom, holder: Holder): Seat => {
  const seat = room.enter('address 192.0.2.1')
  seat.moveTo(holder, true)
  return seat
}

t.test('an account sends four files at once, and a fifth when one of the four has ended', t => {
  const room = new BodyRoom(10 * megabyte)
  const four = Array.from({ length: bodyLimits.uploadsPerHolderMax }, () =>
    upload(room, 'account a'),
  )
  const waiting = room.enter('address 192.0.2.1')
  t.throws(() => waiting.moveTo('account a', true), {
    code: 'too_many_requests',
    retryAfterSeconds: bodyLimits.retryAfterSeconds,
  })
  t.doesNotThrow(() => upload(room, 'account b').leave(), 'another account is not concerned')
  t.doesNotThrow(
    () => waiting.moveTo('account a', false),
    'a body that is no file is not concerned',
  )
  for (const seat of four) seat.grow(10 * megabyte)
  t.throws(
    () => waiting.grow(megabyte),
    { code: 'too_many_requests' },
    'four of the largest files fit, and no megabyte more',
  )
  four[0]!.leave()
  four[0]!.leave()
  t.doesNotThrow(() => waiting.grow(megabyte))
  t.doesNotThrow(() => upload(room, 'account a').leave())
  t.end()
})

t.test('one file of the largest configured size always fits', t => {
  const room = new BodyRoom(100 * megabyte)
  t.doesNotThrow(() => upload(room, 'account a').grow(100 * megabyte - bodyLimits.bytesPerBodyMin))
  t.end()
})

t.test('an edge full of files still takes orders; a full edge says when to come again', t => {
  const room = new BodyRoom(10 * megabyte)
  let accounts = 0
  let refusal: unknown
  while (refusal === undefined) {
    const seat = upload(room, `account ${accounts++}`)
    try {
      for (let i = 0; i < 40; i++) seat.grow(megabyte)
    } catch (error) {
      refusal = error
    }
  }
  t.match(refusal, { code: 'overloaded', retryAfterSeconds: bodyLimits.retryAfterSeconds })
  const order = room.enter('address 192.0.2.9')
  t.doesNotThrow(() => order.moveTo('account honest', false))
  t.doesNotThrow(() => order.grow(200_000))
  const early = room.enter('address 192.0.2.10')
  early.grow(2 * megabyte)
  t.doesNotThrow(
    () => early.moveTo('account early', false),
    'its bytes are no bytes of a file, however late its account is known',
  )
  t.ok(room.bytes <= bodyLimits.bytesPerEdgeMax)
  t.end()
})

t.test('a body that the edge has admitted moves to its account, however full the edge is', t => {
  const room = new BodyRoom(10 * megabyte)
  const body = room.enter('address 192.0.2.1')
  body.grow(20 * megabyte)
  for (let i = 0; room.bytes + 20 * megabyte < bodyLimits.bytesPerEdgeMax; i++)
    room.enter(`address 198.51.100.${i}`).grow(20 * megabyte)
  const free = bodyLimits.bytesPerEdgeMax - room.bytes
  t.ok(free < body.bytes, 'its bytes would not fit a second time')
  t.doesNotThrow(() => body.moveTo('account a', false))
  t.throws(() => room.enter('address 192.0.2.2').grow(20 * megabyte), { code: 'overloaded' })
  body.leave()
  t.doesNotThrow(() => room.enter('address 192.0.2.2').grow(19 * megabyte))
  t.end()
})

t.test('in any order of events no bound is passed, and the room ends empty', t => {
  const holders = ['account a', 'account b', 'address 192.0.2.1'] as const
  const step = fc.record({
    do: fc.constantFrom('enter', 'grow', 'shrink', 'move', 'upload', 'leave'),
    of: fc.nat(11),
    holder: fc.constantFrom(...holders),
    bytes: fc.nat(9 * megabyte),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), steps => {
      const room = new BodyRoom(10 * megabyte)
      const seats = new Map<number, Seat>()
      for (const one of steps) {
        const seat = seats.get(one.of)
        try {
          if (one.do === 'enter') {
            if (seat === undefined) seats.set(one.of, room.enter(one.holder))
          } else if (one.do === 'grow') seat?.grow(one.bytes)
          else if (one.do === 'shrink')
            seat?.shrink(Math.min(one.bytes, seat.bytes - bodyLimits.bytesPerBodyMin))
          else if (one.do === 'move') seat?.moveTo(one.holder, false)
          else if (one.do === 'upload') seat?.moveTo(one.holder, true)
          else {
            seat?.leave()
            seats.delete(one.of)
          }
        } catch (error) {
          if (!(error instanceof CaduceusError)) throw error
        }
        const all = [...seats.values()]
        if (
          room.bytes !== all.reduce((sum, { bytes }) => sum + bytes, 0) ||
          room.bytes > bodyLimits.bytesPerEdgeMax
        )
          return false
        for (const holder of holders) {
          const own = all.filter(other => other.holder === holder)
          if (own.filter(({ isUpload }) => isUpload).length > bodyLimits.uploadsPerHolderMax)
            return false
          if (own.reduce((sum, { bytes }) => sum + bytes, 0) > bodyLimits.bytesPerHolderMax)
            return false
        }
        if (room.holders !== new Set(all.map(({ holder }) => holder)).size) return false
      }
      for (const seat of seats.values()) seat.leave()
      return room.bytes === 0 && room.holders === 0
    }),
  )
  t.pass('for every order of steps')
  t.end()
})

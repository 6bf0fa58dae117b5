/**
 * The locations that a driver's socket takes: which frames reach the bus and in which order, which
 * frames are refused, and what is acknowledged while the bus is away.
 */
import t from 'tap'
import { readAck } from '../../protocol/client/outbox.ts'
import { encodeFrame, encodeFrames, type LocationFrame } from '../../protocol/river/frames.ts'
import { encodeGeohash } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { LocationBatchReader } from '../../protocol/river/location-batch.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { pause } from '../sockets/fixture.ts'
import { startDriverSocket } from './fixture-driver-socket.ts'

const { f, connect } = await startDriverSocket(t)

/** The frames that the bus got. */
const heard: {
  region: string
  seq: number
  latitude: number
  longitude: number
  headingDeg: number
  speedMps: number
}[] = []
let messages = 0
f.bus.subscribe(subjects.locationFilter, message => {
  messages++
  const reader = new LocationBatchReader()
  reader.open(message.body, Date.now())
  while (reader.next())
    heard.push({
      region: message.subject.split('.').at(-1)!,
      seq: reader.seq,
      latitude: reader.latitude,
      longitude: reader.longitude,
      headingDeg: reader.headingDeg,
      speedMps: reader.speedMps,
    })
  t.notOk(reader.broken || reader.refused, 'what the edge publishes is well-formed')
})
/** Forgets the frames, after those under way have arrived. */
const forget = async (): Promise<void> => {
  await pause(20)
  heard.length = 0
  messages = 0
}

const seqs = (): number[] => heard.map(h => h.seq)
const frame = (seq: number, more: Partial<LocationFrame> = {}): LocationFrame => ({
  seq,
  timestampMs: Date.now(),
  latitude: 27.7,
  longitude: 85.3,
  headingDeg: null,
  speedMps: null,
  accuracyM: null,
  ...more,
})

t.test(
  'binary frames, single and in batches, reach the bus in order and are acknowledged at most once a second',
  async t => {
    const socket = await connect()
    socket.send(encodeFrame(frame(1)))
    t.equal(readAck(await socket.nextBinary()), 1, 'the first frame is acknowledged at once')
    for (let i = 0; i < 20; i++)
      socket.send(encodeFrames(Array.from({ length: 64 }, (_, k) => frame(2 + i * 64 + k))))
    await pause(50)
    t.same(socket.heard, [], 'no second acknowledgement comes at once')
    t.equal(readAck(await socket.nextBinary()), 1281)
    t.same(
      seqs(),
      Array.from({ length: 1281 }, (_, i) => 1 + i),
    )
    t.ok(messages < 20, 'frames leave in batches')
    socket.ws.close()
    await forget()
  },
)

t.test('JSON frames may lack seq and timestamp, and come alone or in an array', async t => {
  const socket = await connect()
  socket.send({ type: 'location', latitude: 27.7, longitude: 85.3 })
  t.same(await socket.next(), { type: 'ack', seq: 0 })
  socket.send({
    type: 'location',
    seq: 7,
    timestamp: new Date().toISOString(),
    latitude: 27.7,
    longitude: 85.3,
    heading: 90,
    speed: null,
    accuracy: 5,
  })
  socket.send([
    { type: 'location', latitude: 1, longitude: 2 },
    { type: 'location', seq: 9, timestamp: Date.now(), latitude: 1, longitude: 2 },
  ])
  t.same(await socket.next(), { type: 'ack', seq: 9 })
  t.same(seqs(), [0, 7, 8, 9])
  t.equal(heard[1]!.headingDeg, 90)
  socket.ws.close()
  await forget()
})

t.test(
  'every frame goes to the subject of its region, across borders and at the edges of the world',
  async t => {
    const socket = await connect()
    const places: [number, number][] = [
      [27.7, 85.3],
      [27.7, 85.31],
      [51.5, -0.1],
      [90, 180],
      [-90, -180],
      [0, 1e-7],
      [-0.0001, 0.0001],
      [27.7, 85.3],
      [89.99, 0],
      [0, 180],
    ]
    socket.send(
      encodeFrames(places.map(([latitude, longitude], seq) => frame(seq, { latitude, longitude }))),
    )
    // Batches leave at each border; frames that are confirmed by then are acknowledged together.
    let acknowledged = -1
    while (acknowledged < places.length - 1) {
      const next = readAck(await socket.nextBinary()) ?? -1
      t.ok(next > acknowledged, 'acknowledgements go forward')
      acknowledged = next
    }
    t.same(
      seqs(),
      places.map((_, i) => i),
      'in order',
    )
    for (const entry of heard)
      t.equal(entry.region, encodeGeohash(entry.latitude, entry.longitude, 3))
    socket.ws.close()
    await forget()
  },
)

t.test('a message without a good frame is refused with its code', async t => {
  const good = encodeFrame(frame(1))
  const binary: [string, Uint8Array, string][] = [
    ['truncated', good.subarray(0, 20), 'frame_malformed'],
    ['trailing', Uint8Array.from([...good, 0]), 'frame_malformed'],
    ['nested', new Uint8Array(5000).fill(0x91), 'frame_malformed'],
    ['extension', Uint8Array.of(0x97, 0xd4, 0x01, 0x00), 'frame_malformed'],
    ['map', Uint8Array.of(0x80), 'frame_malformed'],
    ['empty array', Uint8Array.of(0x90), 'frame_malformed'],
    [
      '65 frames',
      Uint8Array.from([0xdc, 0, 65, ...Array.from({ length: 65 }, () => [...good]).flat()]),
      'frame_too_many',
    ],
    ['huge claim', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 0x97), 'frame_too_many'],
    ['NaN', Uint8Array.from(good, (b, i) => (i >= 16 && i < 24 ? 0xff : b)), 'frame_out_of_range'],
    [
      'single future',
      encodeFrame(frame(6, { timestampMs: Date.now() + 60_000 })),
      'frame_in_future',
    ],
  ]
  const text: [string, unknown, string][] = [
    ['no latitude', { type: 'location', longitude: 1 }, 'frame_malformed'],
    ['text latitude', { type: 'location', latitude: '1', longitude: 1 }, 'frame_malformed'],
    ['off the globe', { type: 'location', latitude: 91, longitude: 1 }, 'frame_out_of_range'],
    ['infinite', '{"type":"location","latitude":1e999,"longitude":1}', 'frame_out_of_range'],
    ['seq', { type: 'location', latitude: 1, longitude: 1, seq: 1.5 }, 'frame_out_of_range'],
    ['before the first fix', { type: 'location', latitude: 0, longitude: 0 }, 'frame_out_of_range'],
    [
      'no zone',
      { type: 'location', latitude: 1, longitude: 1, timestamp: '2026-01-31T09:30:00' },
      'frame_out_of_range',
    ],
    [
      'no time',
      { type: 'location', latitude: 1, longitude: 1, timestamp: 'driver 7' },
      'frame_out_of_range',
    ],
    [
      'no date',
      { type: 'location', latitude: 1, longitude: 1, timestamp: 'yesterday' },
      'frame_out_of_range',
    ],
    [
      'future',
      { type: 'location', latitude: 1, longitude: 1, timestamp: '2999-01-01T00:00:00Z' },
      'frame_in_future',
    ],
    ['not a location', [{ type: 'ping' }], 'frame_malformed'],
    ['list in list', [[]], 'frame_malformed'],
    ['empty list', [], 'frame_malformed'],
    [
      'too many',
      Array.from({ length: 65 }, () => ({ type: 'location', latitude: 1, longitude: 1 })),
      'frame_too_many',
    ],
  ]
  for (const [name, message, code] of [...binary, ...text]) {
    const socket = await connect()
    socket.send(message)
    const answer = await socket.next()
    t.match(answer, { type: 'error', code }, name)
    if (code === 'frame_in_future' && message instanceof Uint8Array)
      t.match(answer, { seq: 6, server_time_ms: Number })
    socket.ws.close()
  }
  await pause(20)
  t.same(heard, [])
  const refused = await f.ctx.metrics.framesRefused.get()
  t.equal(
    refused.values.reduce((sum, v) => sum + v.value, 0),
    binary.length + text.length,
    'each refusal is counted',
  )
})

t.test('a bad frame of a batch is refused, and the acknowledgement passes it', async t => {
  for (const [name, place] of [
    ['first', 0],
    ['in the middle', 30],
    ['last', 63],
  ] as const) {
    const socket = await connect()
    const list = Array.from({ length: 64 }, (_, seq) => frame(seq + 1))
    const far = Date.now() + 60_000
    const bytes = list.map(one => encodeFrame(one))
    bytes[place] = Uint8Array.from(bytes[place]!, (b, i) => (i >= 16 && i < 24 ? 0xff : b))
    const before = seqs().length
    socket.send(Uint8Array.from([0xdc, 0, 64, ...bytes.flatMap(one => [...one])]))
    t.match(
      await socket.next(),
      { type: 'error', code: 'frame_out_of_range', index: place, seq: place + 1 },
      name,
    )
    t.equal(
      readAck(await socket.nextBinary()),
      64,
      'every frame up to this number was taken or refused for good',
    )
    t.same(
      seqs().slice(before),
      list.map(one => one.seq).filter(seq => seq !== place + 1),
    )
    socket.send(
      JSON.stringify(
        [65, 66, 67].map(seq => ({
          type: 'location',
          seq,
          latitude: 27.7,
          longitude: 85.3,
          ...(seq === 66 && { timestamp: far }),
        })),
      ),
    )
    t.match(await socket.next('error'), {
      code: 'frame_in_future',
      index: 1,
      seq: 66,
      server_time_ms: Number,
    })
    socket.ws.close()
  }
  await forget()
})

t.test('a device without a fix is refused each time and stays connected', async t => {
  const socket = await connect()
  for (let seq = 1; seq <= 15; seq++) {
    // The encoder refuses such a frame, so the test writes its bytes.
    const bytes = encodeFrame(frame(seq)).fill(0, 16, 24).fill(0, 25, 33)
    socket.send(seq % 2 === 0 ? bytes : { type: 'location', seq, latitude: 0, longitude: 0 })
    t.match(await socket.next('error'), { code: 'frame_out_of_range' })
  }
  t.equal(socket.ws.readyState, socket.ws.OPEN)
  socket.ws.close()
  await forget()
})

t.test('odd values of real phones are taken or left out', async t => {
  const socket = await connect()
  const before = heard.length
  // Requests of the test suite of traccar/traccar at 9e5c458 (Apache-2.0), as our fields.
  const at = new Date(Date.now() - 60_000).toISOString()
  const phones = [
    {
      latitude: 37.4219983,
      longitude: -122.084,
      accuracy: 5,
      speed: 0,
      heading: -1,
      altitude: 5,
      timestamp: at,
    },
    {
      latitude: 37.785834,
      longitude: -122.406417,
      accuracy: 5,
      speed: -1,
      heading: -1,
      speed_accuracy: -1,
      floor: null,
      timestamp: at,
    },
    {
      latitude: 60,
      longitude: 30,
      accuracy: 0,
      heading: 360,
      speed: 0,
      timestamp: Date.parse(at) + 0.862,
    },
    {
      latitude: 40.7232948571,
      longitude: -74.0061408571,
      heading: '7.19',
      speed: 1e9,
      accuracy: -1,
    },
  ]
  for (const [i, phone] of phones.entries()) socket.send({ type: 'location', seq: i + 1, ...phone })
  while ((await socket.next('ack'))['seq'] !== 4);
  t.same(
    heard.slice(before).map(one => [one.latitude, one.headingDeg, one.speedMps]),
    [
      [37.4219983, NaN, 0],
      [37.785834, NaN, NaN],
      [60, 0, 0],
      [40.7232948571, NaN, NaN],
    ],
  )
  socket.ws.close()
  await forget()
})

t.test(
  'after a frame that the bus lost nothing is acknowledged until that frame comes again',
  async t => {
    const socket = await connect()
    socket.send(encodeFrame(frame(1)))
    t.equal(readAck(await socket.nextBinary()), 1)
    f.bus.cut()
    socket.send(encodeFrames([frame(2), frame(3)]))
    t.match(
      await socket.next(),
      { type: 'error', code: 'unavailable', seq: 2 },
      'the driver is told once',
    )
    socket.send(encodeFrame(frame(4)))
    await pause(20)
    f.bus.mend()
    socket.send(encodeFrame(frame(5)))
    await pause(limits.locationAckIntervalMs * 1.5)
    t.same(socket.heard, [])
    t.same(seqs(), [1, 5], 'newer frames reach the bus')
    socket.send(encodeFrames([frame(2), frame(3), frame(4), frame(5)]))
    t.equal(readAck(await socket.nextBinary()), 5)

    // The same holds for a frame that was taken and could not be published.
    const publish = f.bus.publish
    f.bus.publish = () => false
    await pause(limits.locationAckIntervalMs)
    socket.send(encodeFrame(frame(6)))
    t.match(await socket.next(), { type: 'error', code: 'unavailable', seq: 6 })
    f.bus.publish = publish
    socket.send(encodeFrame(frame(7)))
    await pause(30)
    t.same(socket.heard, [])
    socket.send(encodeFrames([frame(6), frame(7)]))
    t.equal(readAck(await socket.nextBinary()), 7)
    socket.ws.close()
    await forget()
  },
)

t.test('frames that are sent right before the end of the connection are not lost', async t => {
  const socket = await connect()
  socket.send(encodeFrames([frame(1), frame(2)]))
  socket.ws.close()
  await socket.closed
  await pause(20)
  t.same(seqs(), [1, 2])
  await forget()
})

t.test(
  'frames that the bus took and lost with its connection are not acknowledged, and are asked for again',
  async t => {
    const socket = await connect()
    socket.send(encodeFrame(frame(1)))
    t.equal(readAck(await socket.nextBinary()), 1)
    await pause(limits.locationAckIntervalMs)

    const letGo = f.bus.holdFlush()
    socket.send(encodeFrames([frame(2), frame(3)]))
    await pause(50)
    // This frame waits behind the round trip that is under way.
    socket.send(encodeFrame(frame(4)))
    await pause(50)
    t.same(socket.heard, [], 'frames are not acknowledged before the bus has confirmed them')
    f.bus.cut()
    t.match(await socket.next(), { type: 'error', code: 'unavailable', seq: 2 })
    f.bus.mend()
    letGo()
    socket.send(encodeFrame(frame(5)))
    await pause(limits.locationAckIntervalMs * 1.5)
    t.same(socket.heard, [], 'a newer frame does not acknowledge them')
    socket.send(encodeFrames([frame(2), frame(3), frame(4), frame(5)]))
    t.equal(readAck(await socket.nextBinary()), 5)
    socket.ws.close()
  },
)

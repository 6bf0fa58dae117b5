/**
 * Thousands of messages over every socket, and commands and broadcasts over the bus, made from
 * their schemas and broken on purpose. None may end the process, be answered `internal` or stop the
 * next valid message. The seed is fixed, so a failure repeats.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { commandRows, commandSchemas, ServiceCommand } from '../../protocol/dispatch/commands.ts'
import { encodeFrame } from '../../protocol/river/frames.ts'
import { busMessages } from '../../protocol/documents/bus-messages.ts'
import { socketChannels, socketMessages } from '../../protocol/dispatch/messages.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { broken, strange, valid, type Schema } from '../../protocol/testing/broken.ts'
import fc from '../../protocol/testing/properties.ts'
import { startEmbedded } from '../embedded.ts'
import {
  customerSocket,
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  terminal,
} from './people.ts'

const messagesPerSocket = 600
const commandsPerVerb = 60
const broadcastsPerSubject = 60
const seed = 20_261_129

const dataDir = await preparedDataDir()
const errors: string[] = []
const log = pino(
  { level: 'error' },
  {
    write: line => {
      errors.push(line)
    },
  },
)
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    RATE_LIMIT_WRITE_PER_ACCOUNT: '100000',
    RATE_LIMIT_WRITE_PER_ADDRESS: '100000',
  },
  { log },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url } = embedded
const { bus } = embedded.edge.parts
const place = { latitude: 12, longitude: 34 }
const customer = await newCustomer(url)
const pharmacy = await newPharmacy(url, 'Fuzzed', place.latitude, place.longitude)
const driver = await newDriver(url, pharmacy.pharmacyId)

/**
 * A whole request in the usual way, which must work after the broken messages. Returns the outcome
 * of its accept.
 */
async function honestRequest(): Promise<string> {
  const screen = await terminal(url, pharmacy)
  const { body } = await http(url, 'POST', '/api/requests', {
    token: customer.token,
    body: { ...place, radius_km: 5, quantity: 1 },
  })
  await screen.next('new_request', message => message.request_id === body.request_id)
  screen.send({ type: 'respond', request_id: body.request_id, response_type: 'ACCEPTED' })
  const { outcome } = await screen.next(
    'response_result',
    message => message.request_id === body.request_id,
  )
  screen.close()
  return outcome
}

type Channel = keyof typeof socketChannels
const open: Record<Channel, () => Promise<Listener>> = {
  terminal: () => terminal(url, pharmacy),
  customer: () => customerSocket(url, customer),
  async driver() {
    const listener = new Listener(url, `/ws/driver?token=${driver.token}`)
    await listener.next('connection')
    return listener
  },
  async fleet() {
    const listener = new Listener(url, `/ws/vendor/${pharmacy.pharmacyId}?token=${pharmacy.token}`)
    await listener.next('fleet')
    return listener
  },
  async tracking() {
    const { body } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: 'x',
        delivery_latitude: 12,
        delivery_longitude: 34,
      },
    })
    const listener = new Listener(url, `/ws/tracking/${body.tracking_token}`)
    await listener.next('state')
    return listener
  },
  async trips() {
    const listener = new Listener(url, `/ws/${customer.id}?token=${customer.token}`)
    await listener.next('connection')
    return listener
  },
  async live() {
    const listener = new Listener(url, `/ws/live?token=${pharmacy.token}`)
    await listener.next('connection')
    return listener
  },
  async chat() {
    const listener = new Listener(url, `/ws/chat?token=${customer.token}`)
    await listener.next('connection')
    return listener
  },
}

/**
 * Close codes for ten malformed messages in a row, for too many and for too large messages, and
 * that of a library whose connection was cut.
 */
const expectedCodes = [4400, 4429, 1009, 1006]
/** Messages in a row; fewer than the rate at which a socket is closed. */
const volley = 100

const frame = encodeFrame({
  seq: 1,
  timestampMs: Date.now(),
  latitude: 1,
  longitude: 1,
  headingDeg: null,
  speedMps: null,
  accuracyM: null,
})
/** Bytes that begin as a frame or a batch, or as nothing. */
const binary = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.tuple(fc.nat({ max: frame.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 3,
    })
    .map(changes => {
      const bytes = Uint8Array.from(frame)
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes
    }),
  fc.constantFrom(...strange).map(value => encodeBody(value)),
)

for (const channel of Object.keys(socketChannels) as Channel[]) {
  t.test(`broken messages on the ${channel} socket get a code, and none fails inside`, async t => {
    const schemas = socketChannels[channel].said.map(name => socketMessages[name].schema as Schema)
    const message = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.oneof(...schemas.map(broken)).map(value => JSON.stringify(value)),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(...schemas.map(broken)).map(value => JSON.stringify([value, value])),
      },
      { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
      { weight: 2, arbitrary: binary },
    )
    const messages = fc.sample(message, { numRuns: messagesPerSocket, seed })
    const codes = new Set<string>()
    let socket = await open[channel]()
    for (let from = 0; from < messages.length; from += volley) {
      for (const one of messages.slice(from, from + volley))
        if (socket.closed === null) socket.socket.send(one)
      socket.send({ type: 'ping' })
      await Promise.race([socket.next('pong', () => true, 60_000), socket.end(60_000)])
      for (const { code } of socket.of('error')) codes.add(code)
      if (socket.closed !== null)
        t.ok(expectedCodes.includes(socket.closed.code), `closed with ${socket.closed.code}`)
      socket.close()
      socket = await open[channel]()
    }
    socket.close()
    t.ok(codes.has('message_malformed'), `codes heard: ${[...codes].join(' ')}`)
    t.notOk(codes.has('internal'), 'nothing failed inside')
    t.same(errors, [], 'nothing is logged as an error')
  })
}

t.test('broken commands on the bus are refused with a code, in msgpack and in JSON', async t => {
  const codes = new Map<string, number>()
  const envelope = ServiceCommand as unknown as Schema
  for (const actor of ['order', 'driver'] as const) {
    const schemas: Record<string, unknown> = commandSchemas[actor]
    const examples: Record<string, { example: unknown }> = commandRows[actor]
    for (const verb of [...Object.keys(schemas), 'nonsense', 'constructor']) {
      const data =
        schemas[verb] === undefined || !Object.hasOwn(schemas, verb)
          ? fc.constantFrom(...strange)
          : broken(schemas[verb] as Schema)
      const command = fc.oneof(
        {
          weight: 4,
          arbitrary: fc
            .tuple(valid(envelope), data)
            .map(([whole, inner]) => ({ ...(whole as object), data: inner })),
        },
        {
          weight: 2,
          arbitrary: broken(envelope).map(whole =>
            typeof whole === 'object' && whole !== null
              ? { data: examples[verb]?.example, ...whole }
              : whole,
          ),
        },
      )
      const bodies = fc
        .sample(fc.tuple(command, fc.boolean()), { numRuns: commandsPerVerb, seed })
        .map(([value, json]) =>
          json ? new TextEncoder().encode(JSON.stringify(value)) : encodeBody(value),
        )
      const random = fc.sample(binary, { numRuns: 10, seed })
      for (const body of [...bodies, ...random]) {
        const reply = await bus.request(subjects.command(actor, verb), body, 30_000)
        const answer = (
          reply[0] === 0x7b ? JSON.parse(new TextDecoder().decode(reply)) : decodeBody(reply)
        ) as { ok: boolean; problem?: { code: string } }
        const code = answer.ok ? 'ok' : answer.problem!.code
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if (code === 'internal')
          t.fail(`${verb}: ${Buffer.from(body).toString('latin1').slice(0, 300)}`)
      }
    }
  }
  t.ok(
    (codes.get('invalid_request') ?? 0) > 100,
    [...codes].map(([code, count]) => `${code} ${count}`).join(', '),
  )
  t.notOk(codes.has('internal'))
  t.same(errors, [])
})

t.test('broken messages in the name of edges and engines harm nothing', async t => {
  const byMessage: [subject: string, message: keyof typeof busMessages][] = [
    [subjects.pushAll, 'push_list'],
    [subjects.pushEdge('nobody'), 'location_push'],
    [subjects.interest, 'interest'],
    [subjects.terminals, 'terminals'],
    [subjects.roster, 'roster_rows'],
    [subjects.rosterWanted, 'roster_wanted'],
    [subjects.slotsChanged, 'slots_changed'],
    [subjects.webhookNudge, 'webhook_nudge'],
    [subjects.accessEnded, 'access_ended'],
    [subjects.presence, 'presence'],
    [subjects.notifications, 'notification_push'],
    [subjects.queryPosition, 'position_query'],
    [subjects.queryHealth, 'health_query'],
    [subjects.directory, 'directory_vendor'],
  ]
  for (const [subject, message] of byMessage) {
    const bodies = fc
      .sample(broken(busMessages[message].schema as Schema), {
        numRuns: broadcastsPerSubject,
        seed,
      })
      .map(value => encodeBody(value))
    for (const body of [...bodies, ...fc.sample(binary, { numRuns: 10, seed })])
      bus.publish(subject, body)
    await bus.flush()
  }
  for (const body of fc.sample(binary, { numRuns: 200, seed })) {
    bus.publish(subjects.location('u33'), body)
    bus.publish(subjects.slotCommand(1), body)
  }
  await bus.flush()
  t.equal(await honestRequest(), 'won')
})

t.test('afterwards a request is won and the server is healthy', async t => {
  t.equal(await honestRequest(), 'won')
  const { body } = await http(url, 'GET', '/api/health')
  t.equal(body.status, 'healthy')
})

/**
 * A patient whose every field is a word that occurs nowhere else, and everything that every person
 * can read: each route that reads, each socket when it connects and while it is open, webhooks, and
 * searches for those words, at each stage of the order. The words that are found must be exactly
 * those that the person may know at that stage.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { startReceiver } from '../webhooks/receiver.ts'
import { defaultParams, rules, type Ids } from './access-table.ts'
import { createWorld, picture, type Who } from './access-world.ts'
import {
  eventually,
  http,
  Listener,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
  terminal,
  type Person,
} from './people.ts'

const dataDir = await preparedDataDir()
const environment = {
  DATA_DIR: dataDir,
  PORT: '0',
  RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
  WEBHOOK_ALLOW_PRIVATE: '1',
}
const embedded = await startEmbedded(environment, { log: pino({ level: 'silent' }) })
const { url } = embedded
const receiver = await startReceiver()
t.teardown(async () => {
  await receiver.close()
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const world = await createWorld(embedded)
const { vendor: winner, driver: carrier } = world
const patient = await newPatient()
const loser = await newPharmacy(url, 'Loser', 27.716, 85.325)
const idle = await newDriver(url, winner.pharmacyId, 'Idle Driver')
await http(url, 'POST', '/api/webhooks/subscriptions', {
  token: winner.token,
  body: { url: `${receiver.url}/winner` },
})
await http(url, 'POST', '/api/webhooks/subscriptions', {
  token: loser.token,
  body: { url: `${receiver.url}/loser` },
})

const prescription = (
  await http(url, 'POST', '/api/uploads/prescription', { token: patient.token, body: picture() })
).body
/** A customer whose phone nobody else has. */
async function newPatient(): Promise<Person> {
  const email = 'patient@example.com'
  const { body } = await http(url, 'POST', '/api/auth/register', {
    body: {
      email,
      full_name: 'Wilhelmina Xylander',
      phone: '+9779812345678',
      role: 'user',
      password,
    },
  })
  return { id: body.user.id, token: body.access_token, email }
}

/** The fields by name; the token is added when the order exists. */
const words: Record<string, RegExp> = {
  surname: /Xylander/i,
  first: /Wilhelmina/i,
  phone: /9812345678/,
  notes: /NOTESWORD/i,
  address: /ADDRESSWORD/i,
  item: /ITEMWORD/i,
  coordinates: /27\.7234|85\.3234/,
  file: new RegExp(prescription.id),
  patient: new RegExp(patient.id),
}
type Word =
  | 'surname'
  | 'first'
  | 'phone'
  | 'notes'
  | 'address'
  | 'item'
  | 'coordinates'
  | 'file'
  | 'patient'
  | 'token'
const found = (text: string): Word[] =>
  (Object.keys(words) as Word[]).filter(word => words[word]!.test(text))

interface Reader {
  person: Person | null
  who: Who
  sockets: string[]
  pharmacyId: string
  driverId: string
}
const pharmacySockets = (pharmacyId: string): string[] => [
  '/ws/pharmacy/',
  `/ws/vendor/${pharmacyId}`,
]
const readers: Record<string, Reader> = {
  winner: {
    person: winner,
    who: 'vendor',
    sockets: pharmacySockets(winner.pharmacyId),
    pharmacyId: winner.pharmacyId,
    driverId: carrier.driverId,
  },
  loser: {
    person: loser,
    who: 'otherPharmacy',
    sockets: pharmacySockets(loser.pharmacyId),
    pharmacyId: loser.pharmacyId,
    driverId: carrier.driverId,
  },
  far: {
    person: world.otherPharmacy,
    who: 'otherPharmacy',
    sockets: pharmacySockets(world.otherPharmacy.pharmacyId),
    pharmacyId: world.otherPharmacy.pharmacyId,
    driverId: carrier.driverId,
  },
  carrier: {
    person: carrier,
    who: 'driver',
    sockets: ['/ws/driver'],
    pharmacyId: winner.pharmacyId,
    driverId: carrier.driverId,
  },
  idle: {
    person: idle,
    who: 'otherDriver',
    sockets: ['/ws/driver'],
    pharmacyId: winner.pharmacyId,
    driverId: idle.driverId,
  },
  anotherCustomer: {
    person: world.otherCustomer,
    who: 'otherCustomer',
    sockets: ['/ws/customer/'],
    pharmacyId: winner.pharmacyId,
    driverId: carrier.driverId,
  },
  stranger: {
    person: null,
    who: 'stranger',
    sockets: [],
    pharmacyId: winner.pharmacyId,
    driverId: carrier.driverId,
  },
}
const withToken = (path: string, { person }: Reader): string =>
  person === null ? path : `${path}?token=${person.token}`
const lasting = new Map(
  Object.entries(readers).map(([name, reader]) => [
    name,
    reader.sockets.map(path => new Listener(url, withToken(path, reader))),
  ]),
)

/** A pharmacy at the other end of the world, with an open request of its own. */
const witness = await newPharmacy(url, 'Witness', -40, -150)
const faraway = await newCustomer(url)
await act(faraway, 'POST', '/api/requests', {
  latitude: -40,
  longitude: -150,
  radius_km: 5,
  quantity: 1,
  expires_in_seconds: 600,
  items: [{ name: 'Bandage', quantity: 1 }],
})

/**
 * The messages of a new connection. The engine is asked for open requests for terminals in the
 * order in which they connect, so all are there when a later terminal has got its own.
 */
async function anew(path: string): Promise<string> {
  const listener = new Listener(url, path)
  await new Promise(resolve => {
    listener.socket.once('open', resolve)
  })
  listener.send({ type: 'ping' })
  await listener.next('pong')
  const later = await terminal(url, witness)
  await later.next('new_request')
  later.close()
  listener.send({ type: 'ping' })
  await listener.next('pong')
  listener.close()
  return JSON.stringify(listener.heard)
}

let order = ''
let trackingToken = ''
async function everything(reader: Reader): Promise<string> {
  const parts: string[] = []
  const ids = {
    order,
    pending: order,
    request: order,
    offerOrder: order,
    offer: order,
    vendor: reader.pharmacyId,
    driver: reader.driverId,
    upload: prescription.id,
    token: 'f'.repeat(32),
    session: order,
    anyPharmacy: winner.pharmacyId,
    apiKey: order,
    parked: order,
    parkedToo: order,
    account: patient.id,
    subscription: order,
    delivery: order,
    integration: order,
    deliveryKey: 'x',
    import: order,
  } as unknown as Ids
  const get = async (path: string): Promise<void> => {
    const answer = await http(
      url,
      'GET',
      path,
      reader.person === null ? {} : { token: reader.person.token },
    )
    if (answer.status < 300)
      parts.push(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  }
  for (const row of embedded.edge.routes) {
    if (
      row.method !== 'GET' ||
      row.tags.includes('pages') ||
      /^\/(openapi|asyncapi|metrics)/.test(row.path)
    )
      continue
    const call = (await rules[row.operationId]?.of?.(ids, reader.who, world)) ?? {}
    const params: Record<string, string> = { ...defaultParams(row.path, ids), ...call.params }
    const path = row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) => params[name] ?? order)
    await get(
      path + (call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`),
    )
  }
  for (const path of reader.sockets) parts.push(await anew(withToken(path, reader)))
  return parts.join('\n')
}

/** The texts by which a search finds the order. */
async function sought({ person }: Reader): Promise<string[]> {
  const hits: string[] = []
  for (const text of ['Xylander', 'wilhel', 'itemword', 'item xylander', orderNumber]) {
    const { body } = await http(
      url,
      'GET',
      `/api/orders?limit=1&text=${encodeURIComponent(text)}`,
      person === null ? {} : { token: person.token },
    )
    if (JSON.stringify(body).includes(order)) hits.push(text)
    else if (body.next_cursor) hits.push(`${text} by its cursor`)
  }
  return hits
}

let orderNumber = ''
const asked: Word[] = ['item', 'file']
const all: Word[] = [
  'surname',
  'first',
  'phone',
  'notes',
  'address',
  'item',
  'coordinates',
  'file',
  'patient',
  'token',
]
const carried: Word[] = ['surname', 'first', 'phone', 'notes', 'address', 'item', 'coordinates']
const byAll = ['Xylander', 'wilhel', 'itemword', 'item xylander', 'number']

async function check(
  test: Pick<typeof t, 'same'>,
  stage: string,
  expected: Partial<Record<string, { sees: Word[]; finds: string[] }>>,
): Promise<void> {
  for (const [name, reader] of Object.entries(readers)) {
    const { sees, finds } = expected[name] ?? { sees: [], finds: [] }
    test.same(
      found(await everything(reader)).toSorted(),
      sees.toSorted(),
      `${stage}: what the ${name} reads`,
    )
    test.same(
      (await sought(reader)).map(text => (text === orderNumber ? 'number' : text)),
      finds,
      `${stage}: what the ${name} finds`,
    )
  }
}
async function act(person: Person, method: string, path: string, body?: unknown) {
  const answer = await http(url, method, path, {
    token: person.token,
    ...(body !== undefined && { body }),
  })
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

t.test('at each stage people read exactly what they may know', { timeout: 180_000 }, async t => {
  const { data } = await act(patient, 'POST', '/api/requests', {
    latitude: 27.723456,
    longitude: 85.323456,
    radius_km: 5,
    quantity: 3,
    expires_in_seconds: 600,
    delivery_address: 'ADDRESSWORD 5',
    notes: 'NOTESWORD',
    items: [{ name: 'ITEMWORD 500', quantity: 3 }],
    prescription_url: prescription.url,
  })
  order = data.id
  orderNumber = data.order_number
  trackingToken = data.tracking_token
  words['token'] = new RegExp(trackingToken)
  await lasting.get('loser')![0]!.next('new_request')
  await check(t, 'open', {
    winner: { sees: asked, finds: ['itemword', 'number'] },
    loser: { sees: asked, finds: ['itemword', 'number'] },
  })

  await act(loser, 'POST', `/api/requests/${order}/responses`, {
    response_type: 'REJECTED',
    text_message: 'none left',
  })
  const win = lasting.get('winner')![0]!
  win.send({ type: 'respond', request_id: order, response_type: 'ACCEPTED', id: '1' })
  t.same(
    found(JSON.stringify(await win.next('response_result'))).toSorted(),
    all.toSorted(),
    'the winner gets all fields with its win',
  )
  const won = { winner: { sees: all, finds: byAll } }
  await check(t, 'accepted', won)

  await act(winner, 'POST', `/api/orders/${order}/find-driver`, { policy: 'offer' })
  const offer = await lasting
    .get('carrier')![0]!
    .next('offer', message => message.order_id === order)
  t.match(offer, {
    pickup: { latitude: 27.72, longitude: 85.32, address: null },
    dropoff: { latitude: 27.72, longitude: 85.32, address: null },
    fee: Number,
  })
  await check(t, 'offered', { ...won, carrier: { sees: [], finds: ['number'] } })

  await act(carrier, 'POST', `/api/orders/${order}/offers/${offer.offer_id}/accept`, {})
  await lasting.get('carrier')![0]!.next('assigned', message => message.order_id === order)
  const taken = { ...won, carrier: { sees: carried, finds: byAll } }
  await check(t, 'assigned', taken)
  const link = async (): Promise<string> =>
    JSON.stringify((await http(url, 'GET', `/api/tracking/${trackingToken}`)).body) +
    (await anew(`/ws/tracking/${trackingToken}`))
  t.same(
    found(await link()).toSorted(),
    ['address', 'coordinates', 'first'],
    'whoever has the link sees the address and a first name',
  )

  for (const status of ['picked_up', 'out_for_delivery'])
    await act(carrier, 'PATCH', `/api/orders/${order}`, { status })
  const signature = await act(carrier, 'POST', '/api/uploads/signature', picture())
  await act(carrier, 'PATCH', `/api/orders/${order}`, {
    status: 'delivered',
    signature_url: signature.url,
  })
  await check(t, 'delivered', taken)
  t.same(found(await link()), ['first'], 'after the delivery the link shows no address')

  for (const [name, listeners] of lasting) {
    const heard = JSON.stringify(listeners.map(listener => listener.heard))
    const may: Word[] =
      name === 'winner' ? all : name === 'loser' ? asked : name === 'carrier' ? carried : []
    t.same(
      found(heard).filter(word => !may.includes(word)),
      [],
      `what the sockets of the ${name} heard from the beginning`,
    )
    for (const listener of listeners) listener.close()
  }
  await eventually(
    async () => ({
      status: 200,
      headers: new Headers(),
      body: receiver.received.map(one => one.json.type),
    }),
    ({ body }) => body.includes('order.delivered'),
  )
  t.same(
    receiver.received.filter(one => one.path.endsWith('/loser')),
    [],
    'a pharmacy that lost is sent nothing',
  )
  t.same(
    found(receiver.received.map(one => one.body).join('\n')).filter(word => word === 'token'),
    [],
    'no webhook carries the tracking link',
  )
})

t.test('the pharmacy of a direct order sees no tracking link until it accepts', async t => {
  const placed = await act(patient, 'POST', '/api/orders', {
    vendor_id: winner.pharmacyId,
    delivery_address: 'ADDRESSWORD',
    delivery_latitude: 27.7234,
    delivery_longitude: 85.3234,
    items: [{ name: 'ITEMWORD', quantity: 1 }],
  })
  const read = async () => JSON.stringify(await act(winner, 'GET', `/api/orders/${placed.id}`))
  t.notMatch(await read(), new RegExp(placed.tracking_token))
  t.match(await read(), /Xylander/)
  t.equal(
    (await act(winner, 'POST', `/api/orders/${placed.id}/tracking-token`, {})).tracking_token,
    '',
    'a new link is not shown either',
  )
  await act(winner, 'POST', `/api/orders/${placed.id}/accept`, {})
  t.match(await read(), /"tracking_token":"[0-9a-f]{32}"/)
})

t.test('pharmacies that were asked cannot read a request that is over', async t => {
  const { request_id } = await act(patient, 'POST', '/api/requests', {
    latitude: 27.7234,
    longitude: 85.3234,
    radius_km: 5,
    quantity: 1,
    items: [{ name: 'ITEMWORD', quantity: 1 }],
    prescription_url: prescription.url,
  })
  const file = (await act(loser, 'GET', `/api/requests/${request_id}`)).prescription_url
  t.equal((await http(url, 'GET', file)).status, 200, 'the link opens without a token')
  t.equal(
    (await http(url, 'GET', file.replace(/signature=.{4}/, 'signature=AAAA'))).status,
    401,
    'a changed link opens nothing',
  )
  t.equal(
    (await http(url, 'GET', file.replace(loser.id, world.otherPharmacy.id))).status,
    401,
    'a link with another reader opens nothing',
  )
  await act(patient, 'DELETE', `/api/requests/${request_id}`)
  t.equal(
    (await http(url, 'GET', file)).status,
    404,
    'a link opens nothing when its reader may not read any more',
  )
  t.equal(
    (await http(url, 'GET', `/api/requests/${request_id}`, { token: loser.token })).status,
    404,
  )
  const trail = async () =>
    http(url, 'GET', `/api/admin/audit?target_id=${request_id}`, { token: world.admin.token })
  const { body } = await eventually(trail, ({ body }) =>
    JSON.stringify(body).includes('openPrescription.decide'),
  )
  t.match(
    JSON.stringify(body),
    new RegExp(
      `"actor_id":"${loser.id}"[^}]*openPrescription\\.decide|openPrescription\\.decide[^}]*${loser.id}`,
    ),
    'the audit trail names the reader, the order and the decision for which the file was opened',
  )
})

/**
 * `npm run demo -- --request FILE`: the walk of the older broadcast backend's documents against a
 * running server. The customer of the file asks, the first pharmacy accepts, the second comes too
 * late, and the customer lists. Everything goes over the documents' paths and sockets, and each
 * step is printed. A step that goes otherwise ends the walk.
 */
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'
import { center } from './grid.ts'
import { pharmacyKeys, type Fixtures, type PharmacyKey } from './fixtures.ts'

/** A terminal hears of a request within milliseconds; a busy machine needs longer. */
const waitMs = 30_000
const prescription = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

// oxlint-disable-next-line typescript/no-explicit-any -- answers of many shapes
type Body = Record<string, any>
type Message = Record<string, unknown> & { type: string }
/** A socket whose messages are kept. */
interface Ear {
  heard: Message[]
  /** The first message of the type. Rejects when none comes, or the socket closes. */
  next(type: string): Promise<Message>
  close(): void
}

/** Throws an error that names the file when it is none of `--fixtures`. */
export function readFixtures(file: string): Fixtures {
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`--request: ${file} cannot be read (${(error as Error).message})`, {
      cause: error,
    })
  }
  const fixtures = (typeof read === 'object' ? read : null) as Partial<Fixtures> | null
  const people = ['customer', ...pharmacyKeys] as const
  if (
    fixtures === null ||
    typeof fixtures.url !== 'string' ||
    people.some(key => typeof fixtures[key]?.token !== 'string')
  )
    throw new Error(`--request: ${file} is not a file of --fixtures`)
  return fixtures as Fixtures
}

async function listen(url: string, path: string, token: string): Promise<Ear> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}?token=${token}`)
  const heard: Message[] = []
  let wake = (): void => undefined
  let ended: string | null = null
  const end = (reason: string): void => {
    ended ??= reason
    wake()
  }
  socket.on('message', data => {
    heard.push(JSON.parse(String(data)) as Message)
    wake()
  })
  socket.on('close', code => end(`${path} was closed with ${code}`))
  socket.on('error', error => end(`${path}: ${error.message}`))
  const ear: Ear = {
    heard,
    async next(type) {
      const timer = setTimeout(() => end(`${path} heard no ${type}`), waitMs)
      try {
        for (;;) {
          const message = heard.find(one => one.type === type)
          if (message !== undefined) return message
          if (ended !== null) throw new Error(ended)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => socket.terminate(),
  }
  await ear.next('connection')
  return ear
}

/**
 * Walks and prints each step with `say`. Throws an error that names the step which went otherwise.
 * `radiusKm` must reach the first pharmacy.
 */
export async function walk(
  { url, customer, ...people }: Fixtures,
  radiusKm: number,
  say: (line: string) => void,
): Promise<void> {
  const send = async (
    method: string,
    path: string,
    token: string,
    body?: object,
  ): Promise<{ status: number; body: Body }> => {
    const form = body instanceof FormData
    const answer = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(`${url} does not answer (${(error as Error).message}); is the demo running?`)
    })
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  const expect = (step: string, right: boolean, seen: unknown): void => {
    if (!right) throw new Error(`${step}: ${JSON.stringify(seen)}`)
  }
  const me = await send('GET', '/customer/profile/', customer.token)
  expect('the customer is signed in (a token ends with the demo)', me.status === 200, me)
  const [ears, ...terminals] = await Promise.all([
    listen(url, '/ws/customer/', customer.token),
    ...pharmacyKeys.map(key => listen(url, '/ws/pharmacy/', people[key].token)),
  ])
  try {
    const terminal = (key: PharmacyKey): Ear => terminals[pharmacyKeys.indexOf(key)]!
    const form = new FormData()
    form.set('patient_lat', String(center.latitude))
    form.set('patient_lng', String(center.longitude))
    form.set('radius_km', String(radiusKm))
    form.set('quantity', '10')
    form.set('image', new Blob([prescription], { type: 'image/png' }), 'prescription.png')
    const asked = await send('POST', '/medicine/request/', customer.token, form)
    expect('the request is made', asked.status === 201, asked)
    const id = asked.body['request_id'] as string
    const count = asked.body['pharmacies_notified'] as number
    say(`${me.body['name']} asks within ${radiusKm} km: "${asked.body['message']}"`)
    say(`  the request is ${id}, with the picture ${asked.body['data']['image']}`)
    const [reached, others] = [pharmacyKeys.slice(0, count), pharmacyKeys.slice(count)]
    expect('a pharmacy of the file is asked', count >= 1 && count <= pharmacyKeys.length, asked)
    for (const key of reached) {
      const { request_id, distance_km } = await terminal(key).next('new_request')
      expect(`${people[key].name} hears of the request`, request_id === id, request_id)
      say(`${people[key].name} hears new_request, ${String(distance_km)} km away`)
    }

    const answer = (key: PharmacyKey) =>
      send('POST', '/medicine/response/', people[key].token, {
        request_id: id,
        response_type: 'ACCEPTED',
        text_message: 'Available!',
      })
    const won = await answer('pharmacy_A')
    expect('the first pharmacy accepts', won.status === 201, won)
    say(`Pharmacy A accepts: ${won.status} "${won.body['message']}"`)
    const told = await ears.next('pharmacy_response')
    expect('the customer hears who accepted', told['request_id'] === id, told)
    say(
      `the customer hears pharmacy_response: ${String(told['pharmacy_name'])} "${String(told['text_message'])}"`,
    )
    for (const key of reached.slice(1)) {
      await terminal(key).next('request_taken')
      say(`${people[key].name} hears request_taken`)
    }
    for (const key of others) {
      const { heard } = terminal(key)
      expect(
        `${people[key].name} hears nothing`,
        heard.every(one => one.type === 'connection'),
        heard,
      )
      say(`${people[key].name} hears nothing, it is too far away`)
    }
    if (reached.length > 1) {
      const late = await answer('pharmacy_B')
      expect('the second pharmacy is too late', late.status === 400, late)
      say(`Pharmacy B accepts too late: ${late.status} "${String(late.body['error'])}"`)
    }
    const list = await send('GET', '/medicine/request/', customer.token)
    const [newest] = list.body['requests'] as {
      id: string
      status: string
      pharmacy_name: string
    }[]
    expect(
      'the list begins with the request',
      newest?.id === id && newest.status === 'ACCEPTED',
      list,
    )
    say(
      `the customer lists ${list.body['count']}: the newest is ${newest!.status} by ${newest!.pharmacy_name}`,
    )
  } finally {
    for (const ear of [ears, ...terminals]) ear.close()
  }
}

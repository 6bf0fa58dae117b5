/**
 * The people of an acceptance test. They know only an address and use HTTP and WebSockets, as every
 * client does. Their messages are kept, so that a test can wait for a message or prove that none
 * came.
 */
import type { TSchema } from 'typebox'
import { Check, Clean } from 'typebox/value'
import { WebSocket } from 'ws'
import { channelNames, channels, type ChannelName } from '../../protocol/kernel/channels.ts'
import {
  messagesOf,
  socketMessages,
  type SocketMessageName,
} from '../../protocol/dispatch/messages.ts'
import { png } from '../uploads/samples.ts'

/** An answer over HTTP; `body` is parsed where it is JSON. */
export interface Answer {
  status: number
  body: any
  headers: Headers
}

/** One HTTP exchange. A string body is sent as it is; an object as JSON. */
export async function http(
  url: string,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { token, body, headers = {} } = options
  const form = body instanceof FormData
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && !form && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && {
      body: form ? body : typeof body === 'string' ? body : JSON.stringify(body),
    }),
  })
  const text = await response.text()
  let parsed: unknown = text
  try {
    parsed = text === '' ? null : JSON.parse(text)
  } catch {
    /* Not everything answers JSON. */
  }
  return { status: response.status, body: parsed, headers: response.headers }
}

/**
 * Asks again until the answer fits, for effects that follow a moment after their cause. Returns the
 * last answer, whether it fits or not.
 */
export async function eventually(
  ask: () => Promise<Answer>,
  fits: (answer: Answer) => boolean,
  timeoutMs = 60_000,
): Promise<Answer> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (fits(answer) || Date.now() > until) return answer
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  }
}

/**
 * Throws inside the handler of the socket, where nobody catches it, so the test fails whatever it
 * waits for.
 */
function checkHeard(channel: ChannelName, message: { type: string }): void {
  const name = messagesOf(channel).heard.find(one => Check(typeOf(one), message.type))
  if (name === undefined)
    throw new Error(
      `${channel} heard a message that is not defined for it: ${JSON.stringify(message)}`,
    )
  const { schema } = socketMessages[name]
  const known: unknown = Clean(schema, structuredClone(message))
  if (!Check(schema, message) || JSON.stringify(known) !== JSON.stringify(message))
    throw new Error(
      `${channel} heard ${name} otherwise than it is defined: ${JSON.stringify(message)}`,
    )
  heardMessages.add(name)
}
/** Names of the messages that sockets of this process have received. */
export const heardMessages = new Set<SocketMessageName>()
const typeOf = (name: SocketMessageName) =>
  (socketMessages[name].schema as unknown as { properties: { type: TSchema } }).properties.type
const channelOf = (path: string): ChannelName =>
  channelNames.find(name => path.startsWith(channels[name].path.replace(/\{.*/, ''))) ?? 'terminal'

/** A socket that keeps its messages. `next` looks at earlier messages before it waits. */
export class Listener {
  readonly socket: WebSocket
  readonly heard: any[] = []
  closed: { code: number; reason: string } | null = null
  #wake: (() => void)[] = []

  constructor(
    url: string,
    path: string,
    options: { protocols?: string[]; headers?: Record<string, string> } = {},
  ) {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, options.protocols ?? [], {
      headers: options.headers ?? {},
    })
    const channel = channelOf(path)
    this.socket.on('message', (data, binary) => {
      const message = binary ? { type: 'binary', data } : JSON.parse(String(data))
      if (!binary) checkHeard(channel, message)
      this.#note(message)
    })
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.#stir()
    })
    this.socket.on('error', () => this.#stir())
  }

  /** The first message that fits and was not taken yet. Rejects after `timeoutMs`. */
  async next(
    type: string,
    fits: (message: any) => boolean = () => true,
    timeoutMs = 60_000,
  ): Promise<any> {
    const until = Date.now() + timeoutMs
    for (;;) {
      const index = this.heard.findIndex(m => m.type === type && !m.taken && fits(m))
      if (index >= 0) {
        this.heard[index].taken = true
        return this.heard[index]
      }
      if (Date.now() > until)
        throw new Error(
          `no ${type} within ${timeoutMs} ms; heard: ${this.heard.map(m => m.type).join(' ')}${this.closed ? `; closed ${this.closed.code}` : ''}`,
        )
      await this.#stirred(Math.max(1, until - Date.now()))
    }
  }

  /** The close code, when the socket has closed. Rejects after `timeoutMs`. */
  async end(timeoutMs = 60_000): Promise<number> {
    const until = Date.now() + timeoutMs
    while (this.closed === null) {
      if (Date.now() > until) throw new Error('the socket was not closed')
      await this.#stirred(100)
    }
    return this.closed.code
  }

  /** All messages of a type that were heard. */
  of(type: string): any[] {
    return this.heard.filter(m => m.type === type)
  }
  send(message: unknown): void {
    this.socket.send(message instanceof Uint8Array ? message : JSON.stringify(message))
  }
  /** Cuts the connection without a close frame. */
  close(): void {
    this.socket.terminate()
  }

  #note(message: any): void {
    this.heard.push(message)
    this.#stir()
  }

  #stir(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #stirred(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** Uploads a picture and returns its URL for an order. */
export async function upload(
  url: string,
  token: string,
  kind: 'proof' | 'signature' | 'prescription',
  bytes: Uint8Array = png,
): Promise<string> {
  const form = new FormData()
  form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'file')
  return created(await http(url, 'POST', `/api/uploads/${kind}`, { token, body: form })).url
}

/** A registered account with an access token. */
export interface Person {
  id: string
  token: string
  email: string
}
export interface Pharmacy extends Person {
  pharmacyId: string
}
export interface DriverPerson extends Person {
  driverId: string
}

let count = 0
const unique = (): string => `${Date.now().toString(36)}${(count++).toString(36)}`
/** The password of everybody here. */
export const password = 'securepassword123'

const created = (answer: Answer): any => {
  if (answer.status !== 201)
    throw new Error(`expected 201, got ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Registers a customer. Throws when the answer is not 201. */
export async function newCustomer(url: string, name = 'John Doe'): Promise<Person> {
  const email = `customer-${unique()}@example.com`
  const body = created(
    await http(url, 'POST', '/api/auth/register', {
      body: { email, full_name: name, phone: '9841234567', role: 'user', password },
    }),
  )
  return { id: body.user.id, token: body.access_token, email }
}

/** Registers a pharmacy. Throws when the answer is not 201. */
export async function newPharmacy(
  url: string,
  name: string,
  latitude: number,
  longitude: number,
): Promise<Pharmacy> {
  const email = `pharmacy-${unique()}@example.com`
  const body = created(
    await http(url, 'POST', '/api/vendors/register', {
      body: {
        email,
        business_name: name,
        phone: '+1234567890',
        password,
        address: `${name} street 1`,
        latitude,
        longitude,
      },
    }),
  )
  return { id: body.user.id, pharmacyId: body.vendor.id, token: body.access_token, email }
}

/** Registers a driver of the pharmacy. Throws when the answer is not 201. */
export async function newDriver(
  url: string,
  pharmacyId: string,
  name = 'Driver Name',
  more: { capacity?: number } = {},
): Promise<DriverPerson> {
  const email = `driver-${unique()}@example.com`
  const body = created(
    await http(url, 'POST', '/api/drivers/register', {
      body: {
        email,
        full_name: name,
        phone: '+1234567890',
        password,
        vendor_id: pharmacyId,
        vehicle_type: 'bike',
        vehicle_number: 'ABC-1234',
        license_number: 'DL-123456',
        ...more,
      },
    }),
  )
  return { id: body.user.id, driverId: body.driver.id, token: body.access_token, email }
}

/** Connects a terminal of the pharmacy; resolves after the greeting. */
export async function terminal(url: string, pharmacy: Pharmacy): Promise<Listener> {
  const listener = new Listener(url, `/ws/pharmacy/?token=${pharmacy.token}`)
  await listener.next('connection')
  return listener
}

/** Connects the customer's app; resolves after the greeting. */
export async function customerSocket(url: string, customer: Person): Promise<Listener> {
  const listener = new Listener(url, `/ws/customer/?token=${customer.token}`)
  await listener.next('connection')
  return listener
}

/**
 * Attacks of strangers on memory and processor: requests of the largest size and beyond, texts that
 * are slow to check, floods of sign-ins and of sockets, and uploads that never end. Each attack
 * goes on until it is told to stop, and counts its answers.
 *
 * They pause a little between two calls. A flood without a pause would only show that the attackers
 * take the processor of the shared machine.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { Caller, strangeAddress, type Answer, type Call } from './addresses.ts'

export interface Targets {
  urls: readonly string[]
  /** Tokens of strangers' own accounts. */
  customers: readonly string[]
  pharmacies: readonly string[]
  /** E-mail addresses of honest people, which are not secret. */
  emails: readonly string[]
  place: { latitude: number; longitude: number }
}

/**
 * Answers by status. `none` is a connection that ended without one; `open` is a connection that is
 * held at the end.
 */
export type Told = Record<string, number>

export const attackNames = ['patterns', 'floods', 'uploads', 'requests'] as const
export type AttackName = (typeof attackNames)[number]

/** Answers that prove that the attack happened. An attack without them would pass every check. */
export const mustMeet: Record<AttackName, readonly string[]> = {
  patterns: ['400', '413'],
  floods: ['401', '101'],
  uploads: ['open', '429'],
  requests: ['201', '413', '101'],
}
/** Extra time for a slow machine to get them, ms. */
const longerMsMax = 90_000

class Tally {
  readonly told: Told = {}
  onNote: () => void = () => {}
  note(what: string | number): void {
    this.told[what] = (this.told[what] ?? 0) + 1
    this.onNote()
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
let next = 0

/** Runs so many lanes at once, each with its own address, until the signal. */
async function lanes(
  count: number,
  life: AbortSignal,
  work: (caller: Caller, lane: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, lane) => {
      while (!life.aborted) {
        const caller = new Caller(strangeAddress(next++))
        // Change the address from time to time, so that bounds by address never stop the attack for
        // long.
        for (let calls = 0; calls < callsPerAddress && !life.aborted; calls++)
          await work(caller, lane)
        caller.close()
      }
    }),
  )
}
const callsPerAddress = 40

/** Makes a call, counts it and returns its answer. */
async function told(tally: Tally, caller: Caller, call: Call): Promise<Answer> {
  const answer = await caller.call(call)
  tally.note(answer.status === 0 ? 'none' : answer.status)
  return answer
}

/**
 * Requests of 23 kB and of the largest allowed size, as many as may be open, ended and made again;
 * and terminals that connect and hear all of them.
 */
async function requests(
  { urls, customers, pharmacies, place }: Targets,
  tally: Tally,
  life: AbortSignal,
): Promise<void> {
  const body = (items: number): string =>
    JSON.stringify({
      ...place,
      radius_km: 5,
      expires_in_seconds: 600,
      items: Array.from({ length: items }, () => ({ name: '💊'.repeat(100), quantity: 1 })),
      notes: '💊'.repeat(400),
    })
  const open = customers.map((): string[] => [])
  const asking = lanes(customers.length, life, async (caller, lane) => {
    const [url, token, own] = [urls[lane % urls.length]!, customers[lane]!, open[lane]!]
    if (own.length === 0)
      await told(tally, caller, {
        url,
        method: 'POST',
        path: '/api/requests',
        token,
        body: body(50),
      })
    const answer = await told(tally, caller, {
      url,
      method: 'POST',
      path: '/api/requests',
      token,
      body: body(32),
    })
    if (answer.status === 201)
      own.push((JSON.parse(answer.text) as { request_id: string }).request_id)
    else if (own.length > 0)
      await told(tally, caller, {
        url,
        method: 'DELETE',
        path: `/api/requests/${own.shift()!}`,
        token,
      })
    await pause(own.length < 20 ? 20 : 500)
  })
  const looking = Promise.all(
    pharmacies.map(async (token, index) => {
      for (let round = index; !life.aborted; round++) {
        const socket = openSocket(
          urls[round % urls.length]!,
          strangeAddress(next++),
          `/ws/pharmacy/?token=${token}`,
          tally,
        )
        await pause(400)
        socket.destroy()
      }
    }),
  )
  await Promise.all([asking, looking])
}

/**
 * Routes that anybody may call, with bodies that make a careless check slow; each body also at the
 * largest size that is read.
 */
async function patterns({ urls }: Targets, tally: Tally, life: AbortSignal): Promise<void> {
  const rows = [
    '/api/auth/login',
    '/api/auth/register',
    '/api/vendors/register',
    '/api/drivers/register',
    '/customer/register',
    '/login',
    '/send-otp',
    '/api/auth/otp/request',
    '/api/auth/password/forgot',
  ]
  const texts = (length: number): string[] => [
    `a@${'.'.repeat(length)}@`,
    `${'a'.repeat(length)}@`,
    `a@${'a.'.repeat(length / 2)}`,
    `+${' '.repeat(length)}1x`,
    `${'-'.repeat(length)}x`,
  ]
  const bodies = [60_000, 15_000].flatMap(length => [
    ...texts(length).map(text =>
      JSON.stringify({
        email: text,
        phone: text,
        phone_number: text,
        full_name: text,
        password: text,
      }),
    ),
    ...['email', 'opening_hours', 'services'].map(name =>
      JSON.stringify({
        [name]: Array.from({ length: length > 16_000 ? 80_000 : 5_000 }, () => ({})),
      }),
    ),
    `{"email":${'['.repeat(length / 2)}${']'.repeat(length / 2)}}`,
    JSON.stringify(
      Object.fromEntries(Array.from({ length: length / 10 }, (_, index) => [`k${index}`, 1])),
    ),
  ])
  await lanes(8, life, async (caller, lane) => {
    const turn = next++
    await told(tally, caller, {
      url: urls[(turn + lane) % urls.length]!,
      method: 'POST',
      path: rows[turn % rows.length]!,
      body: bodies[Math.floor(turn / rows.length) % bodies.length]!,
    })
    await pause(5)
  })
}

/**
 * Wrong passwords of real and invented people from many addresses, and sockets without a token from
 * one.
 */
async function floods({ urls, emails }: Targets, tally: Tally, life: AbortSignal): Promise<void> {
  const guessing = lanes(48, life, async (caller, lane) => {
    const turn = next++
    const email =
      lane % 2 === 0 ? emails[turn % emails.length]! : `nobody-${turn}@strangers.example`
    await told(tally, caller, {
      url: urls[lane % urls.length]!,
      method: 'POST',
      path: '/api/auth/login',
      body: JSON.stringify({ email, password: randomBytes(9).toString('hex') }),
    })
    await pause(20)
  })
  const knocking = Promise.all(
    urls.map(async url => {
      const one = strangeAddress(60_000)
      for (let turn = 0; !life.aborted; turn++) {
        openSocket(
          url,
          one,
          ['/ws/pharmacy/', '/ws/customer/', '/ws/driver', '/ws/pharmacy/?token=x.y.z'][turn % 4]!,
          tally,
        )
        await pause(4)
      }
    }),
  )
  await Promise.all([guessing, knocking])
}

/** Half of an upload from one account, over and over, with many connections. */
async function uploads(
  { urls, customers }: Targets,
  tally: Tally,
  life: AbortSignal,
): Promise<void> {
  const half = Buffer.alloc(5_000_000, 'x')
  const head =
    '--b\r\nContent-Disposition: form-data; name="file"; filename="p.png"\r\nContent-Type: image/png\r\n\r\n'
  const over = new Promise<null>(resolve => {
    life.addEventListener('abort', () => resolve(null), { once: true })
  })
  await Promise.all(
    Array.from({ length: 110 }, async (_, lane) => {
      while (!life.aborted) {
        const url = urls[lane % urls.length]!
        const socket = connect({
          host: new URL(url).hostname,
          port: Number(new URL(url).port),
          localAddress: strangeAddress(next++),
        })
        const answer = status(socket)
        socket.write(
          `POST /api/uploads/prescription HTTP/1.1\r\nHost: ${new URL(url).host}\r\n` +
            `Authorization: Bearer ${customers[0]!}\r\n` +
            `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${2 * half.length}\r\n\r\n${head}`,
        )
        socket.write(half)
        const heard = await Promise.race([answer, over])
        tally.note(heard ?? 'open')
        socket.destroy()
        if (!life.aborted) await pause(500)
      }
    }),
  )
}

/** A socket by hand, which is closed at the first answer. */
function openSocket(url: string, localAddress: string, path: string, tally: Tally): Socket {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  void status(socket).then(heard => {
    tally.note(heard)
    // A socket with a token goes on reading its messages.
    if (heard !== 101 || !path.includes('token=ey')) socket.destroy()
  })
  return socket
}

/** The status of the first answer; `none` when the connection ends without one. */
function status(socket: Socket): Promise<number | 'none'> {
  return new Promise(resolve => {
    let first = true
    socket.on('data', (data: Buffer) => {
      if (first) resolve(Number(data.toString('latin1', 9, 12)))
      first = false
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve('none'))
  })
}

const attacks: Record<
  AttackName,
  (targets: Targets, tally: Tally, life: AbortSignal) => Promise<void>
> = {
  requests,
  patterns,
  floods,
  uploads,
}

/**
 * Runs one attack until the signal, and until it has got the answers that prove it. Resolves with
 * the answers when the last call has ended. `open` is counted at the end, so nobody waits for it.
 */
export async function attack(name: AttackName, targets: Targets, life: AbortSignal): Promise<Told> {
  const tally = new Tally()
  const end = new AbortController()
  const hasMet = (): boolean =>
    mustMeet[name].every(one => one === 'open' || tally.told[one] !== undefined)
  const endIfMet = (): void => {
    if (life.aborted && hasMet()) end.abort()
  }
  tally.onNote = endIfMet
  life.addEventListener(
    'abort',
    () => {
      endIfMet()
      setTimeout(() => end.abort(), longerMsMax).unref()
    },
    { once: true },
  )
  await attacks[name](targets, tally, end.signal)
  return tally.told
}

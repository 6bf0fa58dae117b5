/**
 * Honest people beside strangers: customers order and read, pharmacies accept at their terminals,
 * others just connect, drivers stream, people sign in and upload. Each has its own address. Waiting
 * times are measured from the due moment; refusals and cut connections are noted.
 *
 * They do not repeat requests as `ask.ts` does, because a refusal that a careful client hides is
 * still a refusal.
 */
import { randomUUID } from 'node:crypto'
import {
  connectDriver,
  connectTerminal,
  type Driver,
  type Terminal,
} from '../../../protocol/client/index.ts'
import type { PositionSender, PositionsOnBus } from '../../../protocol/testing/positions.ts'
import { Latency, RequestClock } from '../../harness/latency.ts'
import { settled } from '../../rigs/parallel.ts'
import { newCustomer, password, runTag } from '../../rigs/people.ts'
import type { Population } from '../../rigs/population.ts'
import { signatureForm } from '../../rigs/signature.ts'
import type { Asked } from '../memory/ask.ts'
import type { Memory } from '../memory/memory.ts'
import { center } from '../memory/people.ts'
import { Caller, homeAddress, socketsFrom, type Answer, type Call } from './addresses.ts'

/** Waiting times of honest people in one phase. */
export class Waits {
  /** HTTP answers of all kinds except sign-ins, whose hash is slow on purpose. */
  readonly answers = new Latency()
  readonly signIns = new Latency()
  /** From the request until a terminal hears of it. */
  readonly heard = new RequestClock(new Latency())
  /** From the wish to connect until the greeting. */
  readonly greetings = new Latency()
}

export interface HonestOptions {
  urls: readonly string[]
  people: Population
  /** Number of pharmacies that stay connected; the others connect and leave. */
  staying: number
  positions: PositionsOnBus
  memory: Memory
}

const signersCount = 4
const askEveryMs = 1_000
const signInEveryMs = 1_500
const uploadEveryMs = 1_500
const comeEveryMs = 1_000
const frameEveryMs = 500
/** Longer than any answer of a busy machine takes. A longer wait counts as no answer. */
const patienceMs = 60_000

export class Honest {
  readonly wrong: string[] = []
  readonly #options: HonestOptions
  readonly #callers = new Map<number, Caller>()
  readonly #terminals: Terminal[] = []
  readonly #drivers: { socket: Driver; sender: PositionSender }[] = []
  readonly #emails: string[] = []
  readonly #wins: [requestId: string, pharmacyId: string][] = []
  #waits = new Waits()
  #phase = 'before'
  #closing = false

  private constructor(options: HonestOptions) {
    this.#options = options
  }

  /**
   * Makes the accounts and connects terminals and drivers. Throws when a client cannot connect even
   * without attacks.
   */
  static async gather(options: HonestOptions): Promise<Honest> {
    const honest = new Honest(options)
    const { urls, people, positions } = options
    const tag = runTag()
    for (let index = 0; index < signersCount; index++) {
      await newCustomer(urls[0]!, tag, index)
      honest.#emails.push(`customer-${index}@${tag}.example`)
    }
    people.pharmacies.slice(0, options.staying).forEach(({ token, pharmacyId }, index) => {
      const terminal = connectTerminal({
        url: honest.#url(index),
        token,
        WebSocket: honest.#sockets(`terminal ${index}`, 1_000 + index),
      })
      terminal.on('new_request', ({ request_id, items }) => {
        const number = numberIn(items)
        if (number === null) return
        honest.#waits.heard.heard(request_id, performance.now())
        if (number % options.staying === index)
          void honest.#accept(terminal, request_id, pharmacyId)
      })
      terminal.on('closed', end => honest.#cut(`terminal ${index}`, end))
      honest.#terminals.push(terminal)
    })
    people.drivers.forEach(({ token }, index) => {
      const socket = connectDriver({
        url: honest.#url(index),
        token,
        WebSocket: honest.#sockets(`driver ${index}`, 2_000 + index),
      })
      socket.on('closed', end => honest.#cut(`driver ${index}`, end))
      honest.#drivers.push({ socket, sender: positions.sender(index) })
    })
    if (
      !(await settled(
        () =>
          [...honest.#terminals, ...honest.#drivers.map(one => one.socket)].every(
            one => one.isOpen,
          ),
        patienceMs,
      ))
    )
      throw new Error('the honest people do not get in, even in peace')
    return honest
  }

  get emails(): readonly string[] {
    return this.#emails
  }

  /** Runs all of them for so long. Resolves when their last activity has ended. */
  async live(phase: string, forMs: number): Promise<Waits> {
    this.#phase = phase
    const waits = (this.#waits = new Waits())
    const untilMs = performance.now() + forMs
    const { people } = this.#options
    const streaming = setInterval(() => {
      for (const { socket, sender } of this.#drivers) socket.sendLocation(sender.next())
    }, frameEveryMs)
    try {
      await Promise.all([
        ...people.customers.map((customer, index) =>
          this.#every(askEveryMs, untilMs, index, dueMs =>
            this.#ask(customer, index, waits, dueMs),
          ),
        ),
        ...people.customers.map((customer, index) =>
          this.#every(uploadEveryMs, untilMs, index, dueMs =>
            this.#upload(customer.token, index, waits, dueMs),
          ),
        ),
        ...this.#emails.map((email, index) =>
          this.#every(signInEveryMs, untilMs, index, dueMs =>
            this.#signIn(email, index, waits, dueMs),
          ),
        ),
        ...people.pharmacies
          .slice(this.#options.staying)
          .map(({ token }, index) =>
            this.#every(comeEveryMs, untilMs, index, dueMs =>
              this.#come(token, index, waits, dueMs),
            ),
          ),
      ])
    } finally {
      clearInterval(streaming)
    }
    return waits
  }

  /**
   * Without attacks: each request must have been taken by its pharmacy, and each acknowledged
   * position must be on the bus.
   */
  async settle(): Promise<void> {
    const { memory } = this.#options
    const open = () =>
      [...memory.orders.keys()].filter(id => this.#wins.every(([won]) => won !== id))
    if (!(await settled(() => open().length === 0, patienceMs, 100)))
      this.wrong.push(`${open().length} requests never came to their pharmacy's terminal`)
    for (const [requestId, pharmacyId] of this.#wins) memory.won(requestId, pharmacyId)
    const waiting = () =>
      this.#drivers.filter(({ socket }) => socket.unacknowledged.length > 0).length
    if (!(await settled(() => waiting() === 0, patienceMs, 100)))
      this.wrong.push(`${waiting()} drivers' positions are not acknowledged`)
    this.#drivers.forEach(({ socket, sender }, index) => {
      const missing = sender.missing(sender.sent - socket.unacknowledged.length)
      if (missing.length > 0)
        this.wrong.push(
          `driver ${index}: ${missing.length} of ${sender.sent} acknowledged positions never came to the bus`,
        )
      if (socket.evicted > 0)
        this.wrong.push(`driver ${index}: gave up ${socket.evicted} positions`)
    })
  }

  close(): void {
    this.#closing = true
    for (const terminal of this.#terminals) terminal.close()
    for (const { socket } of this.#drivers) socket.close()
    for (const caller of this.#callers.values()) caller.close()
  }

  async #ask(
    customer: Population['customers'][number],
    index: number,
    waits: Waits,
    dueMs: number,
  ): Promise<void> {
    const { memory } = this.#options
    const number = memory.orders.size + this.#wins.length
    const key = randomUUID()
    const body = {
      ...center,
      radius_km: 5,
      quantity: 1,
      expires_in_seconds: 600,
      items: [{ name: `Honest ${number}`, quantity: 1 }],
    }
    const asked: Asked = { method: 'POST', path: '/api/requests', token: customer.token, body, key }
    memory.attempting(customer.userId)
    const answer = await this.#call(
      `customer ${index} asks`,
      index,
      {
        url: this.#url(index),
        method: 'POST',
        path: '/api/requests',
        token: customer.token,
        body: JSON.stringify(body),
        key,
      },
      waits.answers,
      dueMs,
    )
    if (answer === null) return
    const id = (JSON.parse(answer.text) as { request_id: string }).request_id
    waits.heard.began(id, dueMs)
    memory.created(id, customer.userId, asked, 'broadcast')
    await this.#call(
      `customer ${index} reads`,
      index,
      {
        url: this.#url(index + 1),
        method: 'GET',
        path: `/api/orders/${id}`,
        token: customer.token,
      },
      waits.answers,
      performance.now(),
    )
  }

  async #accept(terminal: Terminal, requestId: string, pharmacyId: string): Promise<void> {
    try {
      const result = await terminal.respond(requestId, 'ACCEPTED')
      if (result.outcome === 'won') this.#wins.push([requestId, pharmacyId])
      else this.#refused('a pharmacy accepts', `${result.outcome} ${result.code ?? ''}`)
    } catch (error) {
      this.#refused('a pharmacy accepts', String(error))
    }
  }

  async #upload(token: string, index: number, waits: Waits, dueMs: number): Promise<void> {
    // Written as a form by the platform; its boundary is in the type.
    const form = new Response(signatureForm())
    const body = Buffer.from(await form.arrayBuffer())
    await this.#call(
      `customer ${index} uploads`,
      index,
      {
        url: this.#url(index),
        method: 'POST',
        path: '/api/uploads/prescription',
        token,
        body,
        type: form.headers.get('content-type')!,
        key: randomUUID(),
      },
      waits.answers,
      dueMs,
    )
  }

  async #signIn(email: string, index: number, waits: Waits, dueMs: number): Promise<void> {
    await this.#call(
      `${email} signs in`,
      100 + index,
      {
        url: this.#url(index),
        method: 'POST',
        path: '/api/auth/login',
        body: JSON.stringify({ email, password }),
      },
      waits.signIns,
      dueMs,
    )
  }

  /** Connects to its terminal, is greeted, and leaves. */
  async #come(token: string, index: number, waits: Waits, dueMs: number): Promise<void> {
    const who = `coming pharmacy ${index}`
    const terminal = connectTerminal({
      url: this.#url(index),
      token,
      WebSocket: this.#sockets(who, 3_000 + index),
    })
    let going = false
    terminal.on('closed', ({ code }) => {
      if (!going) this.#refused(who, `closed with ${code}`)
    })
    if (await settled(() => terminal.isOpen, patienceMs, 5))
      waits.greetings.record(performance.now() - dueMs)
    else this.#refused(who, 'never greeted')
    going = true
    terminal.close()
  }

  async #call(
    what: string,
    index: number,
    call: Call,
    latency: Latency,
    dueMs: number,
  ): Promise<Answer | null> {
    const caller = this.#callers.get(index) ?? new Caller(homeAddress(index))
    this.#callers.set(index, caller)
    let answer = await caller.call(call, patienceMs)
    // Repeat once when an idle connection ended while it was used again, as every client does. A
    // second time is a cut.
    if (answer.status === 0) answer = await caller.call(call, patienceMs)
    latency.record(performance.now() - dueMs)
    if (answer.status >= 200 && answer.status < 300) return answer
    this.#refused(
      what,
      answer.status === 0
        ? 'cut off without an answer'
        : `${answer.status} ${answer.text.slice(0, 300)}`,
    )
    return null
  }

  /**
   * Begins `work` at fixed intervals until a time, whether or not the last one has ended. The
   * people of one kind begin at different times.
   */
  async #every(
    everyMs: number,
    untilMs: number,
    index: number,
    work: (dueMs: number) => Promise<void>,
  ): Promise<void> {
    const doing: Promise<void>[] = []
    for (
      let dueMs = performance.now() + (everyMs * (index % 7)) / 7;
      dueMs < untilMs;
      dueMs += everyMs
    ) {
      await new Promise<void>(resolve => {
        setTimeout(resolve, Math.max(0, dueMs - performance.now()))
      })
      doing.push(work(dueMs))
    }
    await Promise.all(doing)
  }

  #cut(who: string, { code, reason }: { code: number; reason: string }): void {
    if (!this.#closing) this.#refused(who, `its socket is closed with ${code} ${reason}`)
  }

  #sockets(who: string, index: number) {
    return socketsFrom(homeAddress(index), status =>
      this.#refused(who, `refused at the connection with ${status}`),
    )
  }
  #url(index: number): string {
    return this.#options.urls[index % this.#options.urls.length]!
  }
  #refused(what: string, how: string): void {
    this.wrong.push(`${this.#phase}: ${what}: ${how}`)
  }
}

/** The number of an honest request; null for any other. */
function numberIn(items: readonly { name: string }[]): number | null {
  const found = /^Honest (\d+)$/.exec(items[0]?.name ?? '')
  return found === null ? null : Number(found[1])
}

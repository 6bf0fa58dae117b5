/**
 * The bus of a simulation: one server, a link to each process, and the faults between them. It is
 * worse than NATS on purpose: messages of one sender may overtake each other or come twice. Only
 * events (`event.>`) keep their order on a link, as one TCP connection keeps it. Their order is
 * promised to the outside, and the checker reads it as the server receives it.
 */
import type { Bus, BusHandler, BusMessage, Subscription } from '../../protocol/bus/bus.ts'
import {
  checkBody,
  checkFilter,
  checkSubject,
  Losses,
  logToStderr,
} from '../../protocol/bus/checks.ts'
import { Matcher } from '../../protocol/bus/matcher.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Faults } from './faults.ts'
import type { SimNode } from './node.ts'
import type { Schedule } from './schedule.ts'

interface Subscriber {
  link: Link
  handler: BusHandler
  queue: string | undefined
  active: boolean
}
/**
 * up: the link works. lost: it is cut, and the process does not know it yet. down: it is cut, and
 * the process knows it.
 */
type LinkState = 'up' | 'lost' | 'down'

class Link {
  state: LinkState = 'up'
  readonly subscribers = new Set<Subscriber>()
  readonly listeners = new Set<(connected: boolean) => void>()
  /** Arrival time of the message before; the next one must not arrive earlier. */
  arrivesMs = 0
  upSinceMs = -Infinity
  /** The link sends and does not receive, because one direction of its connection is dead. */
  sendsOnly = false
  /** Delay that is added to each message, ms. */
  slowMs = 0
  /** Number of cuts. A message that was on its way at a cut never arrives. */
  cuts = 0
  readonly node: SimNode
  constructor(node: SimNode) {
    this.node = node
  }
}

/** The listener to everything that processes hand to the bus. */
export interface Ears {
  /**
   * A living process handed over a message; `linkUpSinceMs` is Infinity while its link is not up.
   */
  handed(node: SimNode, subject: string, body: Uint8Array, linkUpSinceMs: number): void
  /** An event reached the server. */
  heard(node: SimNode, body: Uint8Array): void
  /** The server came back without the events that it received since then. */
  forgot(sinceMs: number): void
}

/** Time after which a round trip without an answer is given up, ms. */
const unansweredFlushMs = 2_000
const eventPrefix = subjects.eventFilter.slice(0, -1)

/** One server of the bus, and the links of all processes to it. */
export class Network {
  readonly #schedule: Schedule
  readonly #faults: Faults
  readonly #chance: Chance
  readonly #matcher = new Matcher<Subscriber>()
  readonly #links = new Map<SimNode, Link>()
  readonly #parted = new Set<string>()
  readonly #ears: Ears
  /** Number of restarts. Whatever was on its way to the server then never arrives. */
  #restarts = 0

  constructor(schedule: Schedule, faults: Faults, chance: Chance, ears: Ears) {
    this.#schedule = schedule
    this.#faults = faults
    this.#chance = chance
    this.#ears = ears
  }

  /** No message passes between the two until they are joined again. */
  part(a: SimNode, b: SimNode): void {
    this.#parted.add(`${a.name}|${b.name}`)
    this.#parted.add(`${b.name}|${a.name}`)
  }

  /** Messages from `from` do not reach `to`; the other direction works. */
  partOneWay(from: SimNode, to: SimNode): void {
    this.#parted.add(`${from.name}|${to.name}`)
  }

  /** The process receives nothing until its connection is cut and restored. */
  stopReceiving(node: SimNode): void {
    const link = this.#links.get(node)
    if (link !== undefined) link.sendsOnly = true
  }

  /** Adds a delay to each way to and from this process. */
  slow(node: SimNode, ms: number): void {
    const link = this.#links.get(node)
    if (link !== undefined) link.slowMs = ms
  }

  /**
   * The server ends, and comes back without the events of the last `forgottenMs`. Each link is cut
   * until `mend`.
   */
  restart(forgottenMs: number): void {
    this.#restarts++
    for (const node of this.#links.keys()) this.cut(node, 0)
    this.#ears.forgot(this.#schedule.nowMs - forgottenMs)
  }

  /** Messages pass between the two again. */
  join(a: SimNode, b: SimNode): void {
    this.#parted.delete(`${a.name}|${b.name}`)
    this.#parted.delete(`${b.name}|${a.name}`)
  }

  /**
   * The link breaks. Its process learns of it after `silentMs`, and everything that it sends until
   * then is lost.
   */
  cut(node: SimNode, silentMs: number): void {
    const link = this.#links.get(node)
    if (link === undefined || link.state !== 'up') return
    link.state = 'lost'
    link.cuts++
    this.#schedule.after(silentMs, () => {
      if (link.state !== 'lost') return
      link.state = 'down'
      node.enter(() => {
        for (const listener of link.listeners) listener(false)
      })
    })
  }

  /** Restores a link that was cut. */
  mend(node: SimNode): void {
    const link = this.#links.get(node)
    if (link === undefined || link.state === 'up') return
    const known = link.state === 'down'
    link.state = 'up'
    link.sendsOnly = false
    link.upSinceMs = this.#schedule.nowMs
    node.enter(() => {
      // A process that did not notice the cut is told of it now.
      if (!known) for (const listener of link.listeners) listener(false)
      for (const listener of link.listeners) listener(true)
    })
  }

  /** Ends all faults of this process's link, and between it and other processes. */
  heal(node: SimNode): void {
    for (const pair of this.#parted)
      if (pair.split('|').includes(node.name)) this.#parted.delete(pair)
    const link = this.#links.get(node)
    if (link === undefined) return
    link.slowMs = 0
    // A connection that is dead in one direction is cut and made again.
    if (link.sendsOnly) this.cut(node, 0)
    this.mend(node)
  }

  /** All processes that have a link. */
  nodes(): SimNode[] {
    return [...this.#links.keys()]
  }

  /** The bus as one process has it. */
  connect(node: SimNode): Bus {
    const link = new Link(node)
    this.#links.set(node, link)
    const matcher = this.#matcher
    const losses = new Losses(logToStderr, () => this.#schedule.nowMs)
    const drop = (subscriber: Subscriber, filter: string): void => {
      subscriber.active = false
      link.subscribers.delete(subscriber)
      matcher.remove(filter, subscriber)
    }
    const filters = new Map<Subscriber, string>()
    const leave = (): void => {
      for (const [subscriber, filter] of filters) drop(subscriber, filter)
      this.#links.delete(node)
    }
    const crashed = node.onCrash
    node.onCrash = () => {
      leave()
      crashed()
    }
    return {
      publish: (subject, body, messageId) => {
        checkSubject(subject)
        if (!node.alive || link.state === 'down') return false
        const bytes = losses.bytesOf(subject, body, limits.busMessageBytesMax, messageId)
        if (bytes === null) return false
        this.#publish(link, subject, Buffer.from(bytes))
        return true
      },
      request: (subject, body, timeoutMs) => {
        checkSubject(subject)
        checkBody(body)
        return this.#request(link, subject, Buffer.from(body), timeoutMs)
      },
      subscribe: (filter, handler, { queue } = {}): Subscription => {
        checkFilter(filter)
        const subscriber: Subscriber = { link, handler, queue, active: node.alive }
        if (node.alive) {
          link.subscribers.add(subscriber)
          filters.set(subscriber, filter)
          matcher.add(filter, subscriber)
        }
        return {
          unsubscribe: () => {
            drop(subscriber, filter)
            filters.delete(subscriber)
          },
        }
      },
      lossless: false,
      messageBytesMax: limits.busMessageBytesMax,
      losses: losses.counts,
      get connected() {
        return node.alive && link.state !== 'down'
      },
      onStatus: listener => {
        link.listeners.add(listener)
        return () => {
          link.listeners.delete(listener)
        }
      },
      flush: () => this.#flush(link),
      close: async () => leave(),
    }
  }

  #latencyMs(link: Link, other: Link = link): number {
    const ms = this.#chance.between(0.2, 2) + link.slowMs + (other === link ? 0 : other.slowMs)
    return this.#faults.happens('bus slow', 0.01)
      ? ms + this.#faults.die('bus slow').around(400)
      : ms
  }

  /** Brings a message from one link to another, which may be the same. `run` is its arrival. */
  #carry(from: Link, to: Link, run: () => void): void {
    const { cuts: fromCuts } = from
    const { cuts: toCuts } = to
    const arrive = (): void => {
      if (from.cuts !== fromCuts || to.cuts !== toCuts) return
      to.node.enter(run)
    }
    if (
      from.state !== 'up' ||
      to.state !== 'up' ||
      to.sendsOnly ||
      this.#parted.has(`${from.node.name}|${to.node.name}`)
    )
      return
    if (this.#faults.happens('bus drop', 0.004)) return
    const ms = this.#latencyMs(from, to)
    if (this.#faults.happens('bus reorder', 0.01))
      this.#schedule.after(ms + this.#faults.die('bus reorder').between(1, 200), arrive)
    else {
      to.arrivesMs = Math.max(to.arrivesMs, this.#schedule.nowMs + ms)
      this.#schedule.after(to.arrivesMs - this.#schedule.nowMs, arrive)
    }
    if (this.#faults.happens('bus duplicate', 0.005))
      this.#schedule.after(ms + this.#faults.die('bus duplicate').around(300), arrive)
  }

  #publish(from: Link, subject: string, body: Uint8Array): void {
    this.#ears.handed(from.node, subject, body, from.state === 'up' ? from.upSinceMs : Infinity)
    if (subject.startsWith(eventPrefix)) {
      const { cuts } = from
      const restarts = this.#restarts
      const loses = this.#faults.plays('bus loses facts')
      if (from.state !== 'up' && loses) return this.#faults.count('bus loses facts')
      from.arrivesMs = Math.max(from.arrivesMs, this.#schedule.nowMs + this.#latencyMs(from))
      this.#schedule.after(from.arrivesMs - this.#schedule.nowMs, () => {
        if (restarts !== this.#restarts) return
        if (from.cuts === cuts || !loses) this.#ears.heard(from.node, body)
        else this.#faults.count('bus loses facts')
      })
      return
    }
    for (const to of this.#receivers(subject))
      this.#carry(from, to.link, () => deliver(to, { subject, body: Buffer.from(body) }))
  }

  /** The subscribers of a subject: one of each queue group, and all others. */
  #receivers(subject: string): Subscriber[] {
    const chosen: Subscriber[] = []
    const groups = new Map<string, Subscriber[]>()
    for (const one of this.#matcher.match(subject)) {
      if (one.queue === undefined) chosen.push(one)
      else groups.set(one.queue, [...(groups.get(one.queue) ?? []), one])
    }
    for (const members of groups.values()) chosen.push(this.#chance.pick(members))
    return chosen
  }

  #request(from: Link, subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { node } = from
      if (!node.alive) return
      const fail = (why: string): void =>
        reject(new CaduceusError('unavailable', `${subject}: ${why}`))
      if (from.state === 'down') return fail('no connection to the bus')
      const cancel = node.env.after(timeoutMs, () => fail(`no answer in ${timeoutMs} ms`))
      const receivers = this.#receivers(subject)
      if (receivers.length === 0 && from.state === 'up') {
        cancel()
        return void node.env.after(this.#latencyMs(from), () => fail('nobody is there'))
      }
      for (const to of receivers)
        this.#carry(from, to.link, () => {
          let answered = false
          deliver(to, {
            subject,
            body: Buffer.from(body),
            respond: answer => {
              if (answered || !to.link.node.alive) return
              answered = true
              const copy = Buffer.from(answer)
              this.#carry(to.link, from, () => {
                cancel()
                resolve(copy)
              })
            },
          })
        })
    })
  }

  #flush(link: Link): Promise<void> {
    return new Promise((resolve, reject) => {
      const { node, cuts, state } = link
      const fail = (): void => reject(new CaduceusError('unavailable', 'no connection to the bus'))
      if (!node.alive) return
      if (state === 'down') return fail()
      const ms = Math.max(0, link.arrivesMs - this.#schedule.nowMs) + this.#latencyMs(link)
      node.env.after(link.sendsOnly ? ms + unansweredFlushMs : ms, () => {
        const unbroken =
          link.cuts === cuts && link.state === 'up' && state === 'up' && !link.sendsOnly
        // The fault: the new connection answers a round trip of the old one. Such an answer proves
        // nothing about earlier messages.
        if (
          unbroken ||
          (link.cuts !== cuts &&
            link.state === 'up' &&
            !link.sendsOnly &&
            this.#faults.happens('flush spans a break', 0.5))
        )
          resolve()
        else fail()
      })
    })
  }
}

function deliver(to: Subscriber, message: BusMessage): void {
  if (to.active) to.handler(message)
}

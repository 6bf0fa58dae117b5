/**
 * A device of a person who writes to others: an app over the real socket of conversations. It shows
 * entries in the order of their numbers, asks for what it missed, and says a message under one id
 * until it hears the answer, over crashes and reconnections.
 */
import type { Identity } from '../../edge/kernel/identity.ts'
import { Connected } from './connection.ts'
import type { Heard, Listener, SimEdge, SocketKind } from './edge/edge.ts'
import type { ShownEntry, TalkTruth } from './talk-truth.ts'

type Arguments = ConstructorParameters<typeof Connected>

/** Time after which an app says again what was not answered. */
const answerMs = 15_000
const triesMax = 60
/** A refusal that holds for ever. */
const finals: ReadonlySet<unknown> = new Set([
  'conversation_closed',
  'conversation_not_found',
  'idempotency_key_reused',
  'invalid_request',
])

/** One side of conversations, with all its devices. */
export interface Person {
  side: 'customer' | 'vendor' | 'driver'
  identity: Identity
  topic: string
}

export class Chatter extends Connected {
  readonly person: Person
  readonly socket: SocketKind
  /** By conversation, the last number that is shown. */
  readonly shown = new Map<string, number>()
  readonly #truth: TalkTruth
  readonly #asked = new Set<string>()
  readonly #answers = new Map<string, (message: Heard) => void>()
  #say: (message: object) => void = () => {}
  /** By conversation, its true last number when the connection began. */
  #trueLast = new Map<string, number>()

  constructor(person: Person, truth: TalkTruth, ...rest: Arguments) {
    super(...rest)
    this.person = person
    this.#truth = truth
    this.socket = { role: 'chat', id: `${person.topic} at ${this.name}` }
  }

  protected override enter(
    edge: SimEdge,
    listener: Listener,
    carry: (run: () => void) => void,
  ): () => void {
    this.#asked.clear()
    this.#trueLast = new Map([...this.#truth.talks].map(([id, one]) => [id, one.entries.length]))
    const { end, say } = edge.openChat(this.person.identity, listener, carry)
    this.#say = say
    return () => {
      this.#say = () => {}
      end()
    }
  }

  protected greeted(): void {
    /* The greeting of this socket is a message. */
  }

  protected told(message: Heard): void {
    const talk = String(message['conversation_id'])
    switch (message.type) {
      case 'connection':
        return this.#greeting(message)
      case 'conversation_entry':
        // An app may drop what it hears, when it sleeps for example.
        if (this.world.faults.happens('client reply lost', 0.05)) return
        return this.#hear(talk, message['entry'] as ShownEntry)
      case 'conversation_changed':
        if (Number(message['last_number']) > (this.shown.get(talk) ?? 0)) this.#resume(talk)
        return
      case 'messages':
        return this.#gap(talk, message)
      case 'reload':
        return this.#truth.fail(`${this.name} must load ${message['last_number']} anew`, talk)
      case 'conversation_read': {
        const mark = this.#truth.talks.get(talk)?.marks.get(String(message['side'])) ?? 0
        if (Number(message['through']) > mark)
          this.#truth.fail(`${this.name} heard that ${message['through']} was read`, talk)
        return
      }
      case 'error': {
        const id = String(message['id'])
        if (!id.startsWith('resume ')) return
        this.#asked.delete(id.slice('resume '.length))
        // A pharmacy or a driver has no claim to the order any more.
        if (message['code'] === 'conversation_not_found') return
        return void this.sleep(this.chance.around(2_000)).then(() =>
          this.#resume(id.slice('resume '.length)),
        )
      }
      case 'send_result':
        this.#answers.get(String(message['id']))?.(message)
    }
  }

  #greeting(message: Heard): void {
    for (const { conversation_id: talk, last_number } of message['conversations'] as {
      conversation_id: string
      last_number: number
    }[]) {
      if (last_number < (this.#trueLast.get(talk) ?? 0))
        this.#truth.fail(`${this.name} was greeted with ${last_number}, an old number`, talk)
      if (last_number > (this.shown.get(talk) ?? 0)) this.#resume(talk)
      if (!this.shown.has(talk)) this.shown.set(talk, 0)
    }
  }

  #hear(talk: string, entry: ShownEntry): void {
    const last = this.shown.get(talk) ?? 0
    this.#truth.shown(this.name, talk, entry)
    if (entry.number === last + 1) this.shown.set(talk, entry.number)
    else if (entry.number > last) this.#resume(talk)
  }

  #gap(talk: string, message: Heard): void {
    this.#asked.delete(talk)
    const entries = message['messages'] as ShownEntry[]
    const [after, through] = [Number(message['after']), Number(message['last_number'])]
    if (entries.map(one => one.number).join() !== numbers(after, through).join())
      this.#truth.fail(
        `${this.name} asked for all after ${after} up to ${through} and got ${entries.map(one => one.number).join()}`,
        talk,
      )
    for (const entry of entries) {
      this.#truth.shown(this.name, talk, entry)
      if (entry.number === (this.shown.get(talk) ?? 0) + 1) this.shown.set(talk, entry.number)
    }
  }

  #resume(talk: string): void {
    if (this.#asked.has(talk)) return
    this.#asked.add(talk)
    const after = this.shown.get(talk) ?? 0
    this.#say({ type: 'resume', conversation_id: talk, after, id: `resume ${talk}` })
  }

  read(talk: string): void {
    const number = this.shown.get(talk) ?? 0
    if (number === 0) return
    // An app may say an older number late; the mark stays.
    const said = this.chance.happens(0.8) ? number : this.chance.whole(1, number)
    this.#truth.reads(talk, this.person.side, said)
    this.#say({ type: 'read', conversation_id: talk, number: said })
  }

  /** Says it until it is answered. Returns the id of the message; null when it was refused. */
  async say(talk: string, text: string, id: string): Promise<string | null> {
    for (let tries = 0; tries < triesMax; tries++) {
      const askedMs = this.world.schedule.nowMs
      const answer = await this.#ask({ type: 'send', conversation_id: talk, text, id }, id)
      if (answer?.['outcome'] === 'sent') {
        this.#truth.answered(text, Number(answer['number']))
        return String(answer['message_id'])
      }
      if (answer?.['code'] === 'internal')
        this.#truth.fail(`${this.name} was answered internal`, talk)
      if (answer !== null && finals.has(answer['code'])) return null
      if (answer?.['code'] === 'conversation_frozen') {
        const { status, openSinceMs } = this.#truth.talks.get(talk)!
        if (status === 'open' && openSinceMs < askedMs)
          this.#truth.fail(`"${text}" was refused as frozen, and it had been let go on`, talk)
      }
      await this.sleep(this.chance.around(answer === null ? 500 : 5_000))
    }
    return null
  }

  /** The answer, or null when none comes in time. */
  #ask(message: object, id: string): Promise<Heard | null> {
    return new Promise(resolve => {
      const over = (answer: Heard | null): void => {
        stop()
        this.#answers.delete(id)
        resolve(answer)
      }
      const stop = this.world.schedule.after(answerMs, () => over(null))
      this.#answers.set(id, over)
      this.#say(message)
    })
  }
}

const numbers = (after: number, through: number): number[] =>
  Array.from({ length: Math.max(0, through - after) }, (_, i) => after + 1 + i)

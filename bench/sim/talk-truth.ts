/**
 * The truth about conversations, kept by the simulator's own code from the deeds of people and the
 * commits of the database: which entry has which number, who has said what, how far each side has
 * read, and how many messages are unread. Everything that a client is shown is compared with it.
 */
import type { Commit } from '../../engine/sim/database.ts'

export interface TrueEntry {
  id: string
  kind: string
  side: string | null
  /** Null for an entry without words. */
  text: string | null
  takenBack: boolean
}
interface TrueTalk {
  status: string
  entries: TrueEntry[]
  marks: Map<string, number>
  /** Since when it may be written in, ms. */
  openSinceMs: number
}
/** An entry as a client is shown it. */
export interface ShownEntry {
  number: number
  id: string
  kind: string
  side: string | null
  text: string | null
  taken_back: boolean
}

type Fail = (what: string, conversationId: string) => void

export class TalkTruth {
  readonly talks = new Map<string, TrueTalk>()
  /** By words, which are unique: who said them and where. */
  readonly #said = new Map<string, { talk: string; side: string; id: string | null }>()
  /** What people wanted to take back, and how far they wanted to have read. */
  readonly #takenBack = new Set<string>()
  readonly #read = new Set<string>()
  /** The entries that support wanted to make. */
  readonly #moderated = new Set<string>()
  readonly #fail: Fail
  /** Called for each new entry. */
  onEntry: (talk: string, number: number) => void = () => {}

  constructor(fail: (rule: string, what: string, actorId: string) => void) {
    this.#fail = (what, conversationId) => fail('[talk]', what, conversationId)
  }

  /** Somebody begins to say this. */
  says(talk: string, side: string, text: string): void {
    this.#said.set(text, { talk, side, id: null })
  }
  /** Somebody wants to take this message back. */
  takesBack(id: string): void {
    this.#takenBack.add(id)
  }
  /** Somebody says that everything up to this number was read. */
  reads(talk: string, side: string, number: number): void {
    this.#read.add(`${talk} ${side} ${number}`)
  }

  /** Support wants to read, to freeze, or to let go on, under this entry. */
  moderates(entryId: string): void {
    this.#moderated.add(entryId)
  }
  /** Support was shown a conversation: its sides must see that. */
  lookedInto(talk: string, entryId: string): void {
    const entry = this.talks.get(talk)?.entries.find(one => one.id === entryId)
    if (entry?.kind !== 'support_read') this.#fail('support has read it and no entry says so', talk)
  }

  /** Takes a transaction of the database. */
  committed({ events, rows, nowMs }: Commit): void {
    for (const { kind, actorId, event } of events) {
      if (kind !== 'conversation') continue
      const data = event.data as Readonly<Record<string, unknown>>
      const text = (id: unknown): unknown =>
        rows.find(one => one.table === 'conversation_texts' && one.row['id'] === id)?.row['text']
      this.#take(actorId, event.type, data, text, nowMs)
    }
  }

  #take(
    talkId: string,
    type: string,
    data: Readonly<Record<string, unknown>>,
    text: (id: unknown) => unknown,
    nowMs: number,
  ): void {
    const fail = (what: string): void => this.#fail(what, talkId)
    if (type === 'conversation_opened') {
      if (this.talks.has(talkId)) fail('it was opened twice')
      this.talks.set(talkId, { status: 'open', entries: [], marks: new Map(), openSinceMs: nowMs })
      return
    }
    const talk = this.talks.get(talkId)!
    const side = data['side'] as string | null
    if (type === 'messages_read') {
      const number = Number(data['through'])
      if (number <= (talk.marks.get(side!) ?? 0)) fail(`the read mark of ${side} went to ${number}`)
      if (number > talk.entries.length) fail(`${side} has read ${number}, which does not exist`)
      if (!this.#read.has(`${talkId} ${side} ${number}`)) fail(`${side} never read ${number}`)
      talk.marks.set(side!, number)
      return
    }
    if (type === 'conversation_ending') return
    const id = String(data['entry_id'])
    if (Number(data['number']) !== talk.entries.length + 1)
      fail(`entry ${data['number']} came after ${talk.entries.length}`)
    if (talk.entries.some(one => one.id === id)) fail(`entry ${id} is there twice`)
    const entry: TrueEntry = {
      id,
      kind: type === 'message_sent' ? String(data['kind']) : kinds[type]!,
      side: side === undefined ? 'support' : side,
      text: null,
      takenBack: false,
    }
    talk.entries.push(entry)
    this.onEntry(talkId, talk.entries.length)
    if (type === 'message_sent') this.#sent(talkId, entry, text(id), fail)
    if (type === 'message_taken_back') {
      const of = (data['of'] as { id: string }).id
      if (!this.#takenBack.has(of)) fail(`nobody took ${of} back`)
      if (text(of) !== null) fail(`the words of ${of} stayed`)
      const message = talk.entries.find(one => one.id === of)
      if (message === undefined) fail(`${of} was taken back and is not there`)
      else Object.assign(message, { takenBack: true, text: null })
    }
    if (ofSupport.has(type) && !this.#moderated.has(id)) fail(`support did not ask for ${type}`)
    if (type === 'conversation_frozen') talk.status = 'frozen'
    if (type === 'conversation_closed') talk.status = 'closed'
    if (type === 'conversation_thawed') Object.assign(talk, { status: 'open', openSinceMs: nowMs })
  }

  #sent(talkId: string, entry: TrueEntry, words: unknown, fail: (what: string) => void): void {
    const said = this.#said.get(String(words))
    if (said === undefined || said.talk !== talkId || said.side !== entry.side)
      return fail(`${entry.side} never said "${String(words)}"`)
    if (said.id !== null) fail(`"${String(words)}" was stored twice`)
    said.id = entry.id
    entry.text = String(words)
  }

  /** An answer said that these words are stored under this number. */
  answered(text: string, number: number): void {
    const { talk, id } = this.#said.get(text)!
    if (this.talks.get(talk)?.entries[number - 1]?.id !== id || id === null)
      this.#fail(`"${text}" was answered with number ${number}, which it does not have`, talk)
  }

  /** A client shows this entry after `last`, or is told it; words may have been taken back since. */
  shown(who: string, talk: string, entry: ShownEntry): void {
    const is = this.talks.get(talk)?.entries[entry.number - 1]
    if (
      is === undefined ||
      is.id !== entry.id ||
      is.kind !== entry.kind ||
      is.side !== entry.side ||
      (entry.text === null
        ? entry.kind === 'text' && !is.takenBack
        : this.#said.get(entry.text)?.id !== entry.id)
    )
      this.#fail(`${who} is shown ${JSON.stringify(entry)}, it is ${JSON.stringify(is)}`, talk)
  }

  /** Messages of others after the mark that were not taken back. */
  unread(talkId: string, side: string): number {
    const { entries, marks } = this.talks.get(talkId)!
    return entries
      .slice(marks.get(side) ?? 0)
      .filter(one => one.kind === 'text' && one.side !== side && !one.takenBack).length
  }

  fail(what: string, talk: string): void {
    this.#fail(what, talk)
  }
}

const ofSupport: ReadonlySet<string> = new Set([
  'conversation_frozen',
  'conversation_thawed',
  'support_read',
])
/** The kind of the entry that an event makes. */
const kinds: Readonly<Record<string, string>> = {
  message_taken_back: 'taken_back',
  conversation_frozen: 'frozen',
  conversation_thawed: 'thawed',
  support_read: 'support_read',
  conversation_closed: 'closed',
}

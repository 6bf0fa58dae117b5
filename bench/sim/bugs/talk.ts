/** Deliberate bugs in conversations. None of them is in the product. */
import type { Conversation } from '../../../engine/conversations/state.ts'
import { conversationKind } from '../../../engine/conversations/kind.ts'
import { kinds } from '../../../engine/kinds.ts'
import type { AnyKind } from '../../../engine/actors/kind.ts'
import { decodeBody, encodeBody } from '../../../protocol/bus/codec.ts'
import { changed, type Bug } from './bug.ts'

const right: AnyKind = conversationKind as AnyKind
const withTalk = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, right.name, change)
/** Decides with another state than that of the actor. */
const deciding = (change: (state: object, verb: string) => object) =>
  withTalk({
    decide: (state, command, nowMs) =>
      right.decide(
        (state as Conversation).status === 'absent'
          ? state
          : change(state as object, (command as { verb: string }).verb),
        command,
        nowMs,
      ),
  })

const numberOf = (data: object): number => (data as { number: number }).number

const bugsOfTalk: Readonly<Record<string, Omit<Bug, 'talks'>>> = {
  'message-stored-twice': {
    about: 'each try of an edge gives a message another id',
    rule: '[talk]',
    seed: 1,
    edgeBus(bus) {
      let tries = 0
      return {
        ...bus,
        get connected() {
          return bus.connected
        },
        request(subject, body, timeoutMs) {
          const command = decodeBody(body) as { id: string; verb?: string; data: object }
          if (command.verb !== 'send') return bus.request(subject, body, timeoutMs)
          const tail = String(++tries).padStart(12, '0')
          const own = (id: string): string => id.slice(0, -12) + tail
          const { entry_id } = command.data as { entry_id: string }
          const data = { ...command.data, entry_id: own(entry_id) }
          const changedBody = encodeBody({ ...command, id: own(command.id), data })
          return bus.request(subject, changedBody, timeoutMs)
        },
      }
    },
  },
  'read-mark-goes-back': {
    about: 'a read mark takes every number, at the edge and in the actor',
    rule: '[talk]',
    seed: 1,
    kinds: () => deciding((state, verb) => (verb === 'read' ? { ...state, read: {} } : state)),
    firstRows: (statement, rows) =>
      statement === 'conversation_of'
        ? rows.map(row => ({ ...row, customer_read: 0, vendor_read: 0, driver_read: 0 }))
        : rows,
  },
  'frozen-for-ever': {
    about: 'a message that met a frozen conversation is refused under its id for ever',
    rule: '[talk]',
    seed: 1,
    kinds: () => withTalk({ forgetsRefusals: undefined as never }),
  },
  'look-in-unseen': {
    about: 'support reads a conversation, and its sides do not see that',
    rule: '[talk]',
    seed: 1,
    kinds: () =>
      withTalk({
        decide: (state, command, nowMs) =>
          (command as { verb: string }).verb === 'look_in'
            ? { ok: true, events: [] }
            : right.decide(state, command, nowMs),
      }),
  },
  'words-stay': {
    about: 'the words of a message that was taken back stay in their table',
    rule: '[talk]',
    seed: 1,
    kinds: () =>
      withTalk({
        row(state, version, atMs, isBorn, command) {
          const { verb } = (command ?? {}) as { verb?: string }
          const words = { verb: 'send', data: { text: 'the words of before', upload_id: null } }
          return right.row(state, version, atMs, isBorn, verb === 'take_back' ? words : command)
        },
      }),
  },
  'part-of-a-gap': {
    about: 'a client that was away hears all but the last entry of a long gap',
    rule: '[talk]',
    seed: 1,
    firstRows: (statement, rows) =>
      statement === 'conversation_gap' && rows.length > 2 ? rows.slice(0, -1) : rows,
  },
  'old-greeting': {
    about: 'the greeting of conversations lacks the newest entry',
    rule: '[talk]',
    seed: 1,
    firstRows: (statement, rows) =>
      statement === 'conversation_numbers'
        ? rows.map(row => ({ ...row, last_number: Number(row['last_number']) - 1 }))
        : rows,
  },
  'entry-of-another-number': {
    about: 'a new entry is told under the number after its own',
    rule: '[told]',
    seed: 1,
    kinds: () =>
      withTalk({
        react: (event, state, atMs, source, command) =>
          right.react(
            event.type === 'message_sent'
              ? { ...event, data: { ...event.data, number: numberOf(event.data) + 1 } }
              : event,
            state,
            atMs,
            source,
            command,
          ),
      }),
  },
  'entry-not-heard': {
    about: 'a socket is not told the entries of conversations',
    rule: '[talk]',
    seed: 1,
    socket: listener => ({
      ...listener,
      heard: message => {
        if (message.type !== 'conversation_entry') listener.heard(message)
      },
    }),
  },
}

export const talkBugs: Readonly<Record<string, Bug>> = Object.fromEntries(
  Object.entries(bugsOfTalk).map(([name, bug]) => [name, { ...bug, talks: true }]),
)

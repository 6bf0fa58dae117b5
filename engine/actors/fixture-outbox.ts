/**
 * The world of the outbox tests: a bus that can be down, and receivers whose answers a test sets.
 */
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { type PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ActorCommand, Effect } from './effects.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import type { ParkedCommand } from '../journal/journal.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { TellReply } from './letter.ts'
import { Outbox } from './outbox.ts'

export const by: Principal = { role: 'driver', id: 'd' }
export const ok: TellReply = { ok: true, state: null, version: 1, updatedAtMs: 0 }
export const refused = (
  code: 'driver_unavailable' | 'moved' | 'unavailable' | 'overloaded' | 'internal',
): TellReply => ({ ok: false, code, detail: `is ${code}` })

/** An outbox over such a bus. `lossless`: the bus has no server that could crash. */
export function world({ lossless = false } = {}) {
  const env = new VirtualEnv(1)
  const published: PublishedEvent[] = []
  const ids: (string | undefined)[] = []
  const listeners = new Set<(connected: boolean) => void>()
  let connected = true
  let publications = 0
  let flush: () => Promise<void> = async () => {}
  const bus: Bus = {
    publish(_subject, body, messageId) {
      publications++
      if (!connected) return false
      published.push(decodeBody(typeof body === 'function' ? body() : body) as PublishedEvent)
      ids.push(messageId)
      return true
    },
    request: () => Promise.reject(new Error('not here')),
    subscribe: () => ({ unsubscribe() {} }),
    lossless,
    messageBytesMax: limits.busMessageBytesMax,
    losses: { tooLarge: 0, handlersFailed: 0 },
    get connected() {
      return connected
    },
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    flush: () => flush(),
    close: async () => {},
  }
  const cursors = new Map<number, number>()
  const delivered: string[] = []
  const soft: Effect[] = []
  let answer: (command: ActorCommand) => TellReply | Promise<TellReply> = () => ok
  const parked: ParkedCommand[] = []
  const logs: string[] = []
  let parking: () => Promise<void> = async () => {}
  const outbox = new Outbox({
    env,
    bus,
    log: (_level, message) => {
      logs.push(message)
    },
    async park(one) {
      await parking()
      parked.push(one)
    },
    soft: effect => {
      soft.push(effect)
    },
    async deliver(command) {
      delivered.push(command.id)
      return answer(command)
    },
  })
  const command = (id: string, onRefused?: string): Effect => ({
    do: 'command',
    to: {
      kind: 'driver',
      actorId: 'd',
      id,
      command: { verb: 'release_hold', by: { role: 'system', id: 's' }, offerId: 'o', outcome: '' },
    },
    ...(onRefused !== undefined && {
      onRefused: ({ detail }) => ({
        kind: 'order',
        actorId: 'a',
        id: `${onRefused}:${detail}`,
        command: { verb: 'expire', by: { role: 'system', id: 's' } },
      }),
    }),
  })
  const add = (seq: number, effects: Effect[] = [], actorId = `a${seq}`, slot = 0) =>
    outbox.add({
      slot,
      seq,
      kind: 'order',
      actorId,
      version: 1,
      atMs: 0,
      by,
      event: { type: 'picked_up', data: {} },
      effects,
    })
  return {
    env,
    outbox,
    parked,
    logs,
    parking: (by: typeof parking) => {
      parking = by
    },
    published,
    ids,
    delivered,
    soft,
    command,
    add,
    /** The last cursor that was stored; undefined when it never moved. */
    cursor(slot = 0) {
      for (const [one, seq] of outbox.takeMoved()) cursors.set(one, seq)
      return cursors.get(slot)
    },
    publications: () => publications,
    answer: (by: typeof answer) => {
      answer = by
    },
    flush: (by: typeof flush) => {
      flush = by
    },
    line: (up: boolean) => {
      connected = up
      for (const listener of listeners) listener(up)
    },
  }
}

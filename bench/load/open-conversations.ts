/**
 * The memory of an open conversation of ten messages in an engine: awake, and asleep. Ten thousand
 * of them (quick: two thousand) are opened in the actors of an engine. The journal is one that
 * stores nothing, so that only the engine's own memory is counted.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Actors } from '../../engine/actors/actors.ts'
import { Kinds } from '../../engine/actors/kind.ts'
import { conversationKind } from '../../engine/conversations/kind.ts'
import { kinds } from '../../engine/kinds.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { slots } from '../../protocol/kernel/slots.ts'
import type { Bench, Measure, Round } from '../harness/bench.ts'

const wanted = { full: 10_000, quick: 2_000 }
const messages = 10

const awake = {
  name: 'an open conversation, awake',
  unit: 'B/conversation',
  better: 'lower',
} satisfies Measure
const asleep = {
  name: 'an open conversation, asleep',
  unit: 'B/conversation',
  better: 'lower',
} satisfies Measure

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Bytes that are in use after a collection. */
function bytesUsed(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function open(count: number): Promise<{ awake: number; asleep: number }> {
  const env = realEnv()
  const random = seededRandom(19)
  const newId = () => uuidV7(env.nowMs(), random)
  const nothing = (): void => {}
  let seq = 0
  const actors = new Actors({
    env,
    journal: {
      append: async request => {
        seq += request.events.length
        return { outcome: 'committed', firstSeq: seq }
      },
      loadActor: async () => ({ snapshot: null, events: [] }),
    },
    slots,
    kinds: new Kinds(kinds),
    committed: nothing,
    recovered: nothing,
    due: nothing,
    fenced: nothing,
    leaseHolds: () => true,
    log: (_level, message) => {
      throw new Error(message)
    },
  })
  for (const slot of slots.all)
    actors.adopt({ slot, epoch: 1 }, { snapshots: [], events: [], cursorSeq: 0, lastSeq: 0 })
  const before = bytesUsed()
  const tell = async (id: string, verb: string, by: object, data: object): Promise<void> => {
    const command = { verb, by, conversationId: id, data }
    const reply = await actors.tell(conversationKind.name, id, newId(), command)
    if (!reply.ok) throw new Error(`${verb}: ${reply.code}`)
  }
  for (let i = 0; i < count; i++) {
    const [id, customer_id, vendor_id] = [newId(), newId(), newId()]
    const by = { role: 'customer', id: customer_id }
    const about = { kind: 'order', id: newId() }
    await tell(id, 'open', by, {
      topic: 'pharmacy',
      about,
      customer_id,
      vendor_id,
      driver_id: null,
    })
    for (let n = 0; n < messages; n++)
      await tell(id, 'send', by, {
        entry_id: newId(),
        kind: 'text',
        text: 'hello',
        upload_id: null,
      })
  }
  const used = (bytesUsed() - before) / count
  sendToSleep(actors)
  const packed = (bytesUsed() - before) / count
  if (actors.asleep !== count) throw new Error(`${actors.asleep} asleep`)
  actors.stop()
  return { awake: used, asleep: packed }
}

/** A function of its own, so that no list of the awake ones outlives it. */
function sendToSleep(actors: Actors): void {
  for (const cell of actors.dirty) {
    cell.dirty = false
    actors.dirty.delete(cell)
    if (!actors.sleep(cell)) throw new Error('a conversation does not sleep')
  }
}

export const bench: Bench = {
  name: 'open-conversations',
  group: 'load',
  title: 'memory of open conversations',
  rounds: { full: 3, quick: 1 },
  open: async (context): Promise<Round> => {
    const count = wanted[context.quick ? 'quick' : 'full']
    return async () => {
      const bytes = await open(count)
      context.sample(awake, { value: bytes.awake })
      context.sample(asleep, { value: bytes.asleep })
    }
  },
}

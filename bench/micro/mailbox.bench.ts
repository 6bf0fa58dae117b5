/**
 * A command's way through an actor: slot, mailbox, decision, reply, with and without an append to
 * the journal in memory. The baseline is the cheapest way to pass a value on with an answer: one
 * promise.
 */
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { memoryJournal, MemoryStore } from '../../engine/journal/memory.ts'
import { Kinds } from '../../engine/actors/kind.ts'
import { Actors } from '../../engine/actors/actors.ts'
import { counter } from '../../engine/actors/fixtures.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'
import { slots } from '../../protocol/kernel/slots.ts'

const actorsCount = 1_000
const hopsPerRun = 1_000

async function cases() {
  const kinds = [counter('order', 0)]
  const env = realEnv()
  const random = seededRandom(3)
  const journal = memoryJournal(new MemoryStore(() => env.nowMs(), kinds))
  const nothing = (): void => {}
  const actors = new Actors({
    env,
    journal,
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
  for (const lease of await journal.acquireSlots('bench', slots.all, 3_600_000, true))
    actors.adopt(lease, await journal.loadSlot(lease.slot))
  const ids = Array.from({ length: actorsCount }, () => uuidV7(env.nowMs(), random))
  await Promise.all(ids.map(id => actors.tell('order', id, `create:${id}`, 'create')))
  let nth = 0
  const told = (command: 'refuse' | 'nothing') => ({
    operationsPerRun: hopsPerRun,
    run: async () => {
      const replies = ids.map(id => actors.tell('order', id, String(++nth), command))
      const last = (await Promise.all(replies)).at(-1)!
      if (last.ok !== (command === 'nothing')) throw new Error('not the answer that was expected')
    },
  })
  return {
    'a promise each': {
      operationsPerRun: hopsPerRun,
      run: async () => {
        await Promise.all(
          ids.map(
            id =>
              new Promise(resolve => {
                resolve(id)
              }),
          ),
        )
      },
    },
    'Actors.tell, refused': told('refuse'),
    'Actors.tell, accepted without an event': told('nothing'),
    'one actor, all in its mailbox': {
      operationsPerRun: hopsPerRun,
      run: async () => {
        await Promise.all(ids.map(() => actors.tell('order', ids[0]!, String(++nth), 'refuse')))
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'mailbox',
  title: 'a command through an actor, without its rules',
  baseline: 'a promise each',
  cases,
}

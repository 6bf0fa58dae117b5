/**
 * Deliberate bugs that only show when a port fails in a particular way: a server that forgets, a
 * connection that breaks silently, a database that only one process has lost, a small memory. None
 * of them is in the product.
 */
import type { Bus } from '../../../protocol/bus/bus.ts'
import type { Bug } from './bug.ts'

/** The bus, with a change. */
const over = (bus: Bus, change: Partial<Bus>): Bus => ({
  ...bus,
  get connected() {
    return bus.connected
  },
  ...change,
})

export const portBugs: Readonly<Record<string, Bug>> = {
  'last-second-not-doubted': {
    about: 'what was published just before the bus broke is not published again',
    rule: '[6]',
    seed: 2,
    engineBus: bus => over(bus, { lossless: true }),
  },
  'break-is-unheard': {
    about: 'a round trip that spans a break counts as an answer',
    rule: '[6]',
    seed: 1,
    engineBus: bus =>
      over(bus, {
        onStatus: listener =>
          bus.onStatus(connected => {
            if (connected) listener(true)
          }),
      }),
  },
  'lost-database-taken-for-written': {
    about: 'an engine that has lost the database takes what is under way for written',
    rule: '[6]',
    seed: 2,
    journal(journal, { store }) {
      const waiting = new Set<() => void>()
      return {
        ...journal,
        append: request =>
          new Promise((resolve, reject) => {
            const assume = (): void =>
              resolve({
                outcome: 'committed',
                firstSeq: store.slot(request.slot).events.length + 1,
              })
            waiting.add(assume)
            journal
              .append(request)
              .then(resolve, reject)
              .finally(() => waiting.delete(assume))
          }),
        renewSlots: (engineId, leaseMs) =>
          journal.renewSlots(engineId, leaseMs).catch((error: unknown) => {
            for (const assume of waiting) assume()
            throw error
          }),
      }
    },
  },
  'deadline-leaves-memory': {
    about: 'an actor leaves memory with the deadline that nobody else keeps',
    rule: '[9]',
    seed: 14,
    engine({ actors }) {
      const leave = actors.leave.bind(actors)
      actors.leave = (actorId, head) => leave(actorId, { ...head, wakeAtMs: null })
    },
  },
}

/**
 * How a process is: engines and edges answer whoever asks on the bus. An administrator sees all of
 * them in one list, and a process that does not answer is missing there.
 */
import { Check } from 'typebox/value'
import type { Bus, Subscription } from '../bus/bus.ts'
import { decodeBody, encodeBody } from '../bus/codec.ts'
import { subjects } from '../bus/subjects.ts'
import { FiguresTold, FiguresWanted, type ProcessFigures } from './process-figures.ts'

/** Counters of one process, beyond this number the rest is left out. */
const figuresMax = 50

/** Answers every question until the subscription ends. `own` is read for each answer. */
export function answerFigures(
  bus: Pick<Bus, 'publish' | 'subscribe'>,
  kind: ProcessFigures['kind'],
  id: string,
  own: () => Readonly<Record<string, unknown>>,
): Subscription {
  return bus.subscribe(subjects.figuresWanted, ({ body }) => {
    const wanted: unknown = decodeBody(body)
    if (!Check(FiguresWanted, wanted)) return
    const { user, system } = process.cpuUsage()
    const told = {
      kind,
      id,
      uptime_seconds: Math.round(process.uptime()),
      processor_seconds: Math.round((user + system) / 1_000) / 1_000,
      resident_bytes: process.memoryUsage.rss(),
      figures: Object.fromEntries(
        Object.entries(own())
          .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
          .slice(0, figuresMax),
      ),
    } satisfies ProcessFigures
    bus.publish(subjects.figuresTold, encodeBody({ ask: wanted.ask, process: told }))
  })
}

/**
 * Calls `take` for each answer to the question `ask`, until the subscription ends. An answer that is
 * none is left out.
 */
export function askFigures(
  bus: Pick<Bus, 'publish' | 'subscribe'>,
  ask: string,
  take: (process: ProcessFigures) => void,
): Subscription {
  const subscription = bus.subscribe(subjects.figuresTold, ({ body }) => {
    const told: unknown = decodeBody(body)
    if (Check(FiguresTold, told) && told.ask === ask) take(told.process)
  })
  bus.publish(subjects.figuresWanted, encodeBody({ ask }))
  return subscription
}

/**
 * The processes of the deployment with their figures: `/api/admin/processes`. All engines and edges
 * are asked at once. A process that answered lately and does not answer now is named as absent.
 */
import Type from 'typebox'
import { askFigures } from '../../protocol/dispatch/figures.ts'
import {
  ProcessFigures,
  type ProcessFigures as Process,
} from '../../protocol/dispatch/process-figures.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { Timestamp } from '../kernel/shapes.ts'

/** Time that a process has for its answer. */
const answerMs = 1_000
/** Age that an answer may have, so that many pages together ask once. */
const freshMs = 500
/** Time for which an absent process is named. */
const namedMs = 10 * 60_000
/** Processes that are listed; a deployment has far fewer. */
const processesMax = 1_000

type ProcessesContext = Pick<Kernel, 'after' | 'bus' | 'nowMs' | 'random'>
interface Seen {
  process: Process
  atMs: number
}
interface Found {
  processes: Process[]
  absent: { kind: Process['kind']; id: string; seen_at: string }[]
}

const keyOf = ({ kind, id }: Pick<Process, 'kind' | 'id'>): string => `${kind} ${id}`
const inOrder = <One extends Pick<Process, 'kind' | 'id'>>(all: One[]): One[] =>
  all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

/** Asks all processes; the callers of one moment share an answer. */
export function processesOf(ctx: ProcessesContext): () => Promise<Found> {
  const seen = new Map<string, Seen>()
  let last: { untilMs: number; found: Promise<Found> } | null = null

  async function look(): Promise<Found> {
    const beganMs = ctx.nowMs()
    for (const [key, { atMs }] of seen) if (atMs < beganMs - namedMs) seen.delete(key)
    const answered = new Set<string>()
    await new Promise<void>(resolve => {
      const end = (): void => {
        cancel()
        answers.unsubscribe()
        resolve()
      }
      const cancel = ctx.after(answerMs, () => end())
      const answers = askFigures(ctx.bus, uuidV7(beganMs, ctx.random), process => {
        const key = keyOf(process)
        if (!seen.has(key) && seen.size >= processesMax) return
        answered.add(key)
        seen.set(key, { process, atMs: ctx.nowMs() })
      })
    })
    const of = (isThere: boolean): Seen[] =>
      [...seen].flatMap(([key, one]) => (answered.has(key) === isThere ? [one] : []))
    return {
      processes: inOrder(of(true).map(({ process }) => process)),
      absent: inOrder(
        of(false).map(({ process: { kind, id }, atMs }) => ({
          kind,
          id,
          seen_at: new Date(atMs).toISOString(),
        })),
      ),
    }
  }

  return () => {
    const nowMs = ctx.nowMs()
    if (last === null || nowMs >= last.untilMs || nowMs < last.untilMs - answerMs - freshMs)
      last = { untilMs: nowMs + answerMs + freshMs, found: look() }
    return last.found
  }
}

/** The row of `/api/admin/processes`. */
export function processRoutes(ctx: ProcessesContext): AnyRoute[] {
  const found = processesOf(ctx)
  return [
    route({
      method: 'GET',
      path: '/api/admin/processes',
      operationId: 'listProcesses',
      summary: 'Engines and edges with their figures',
      tags: ['system'],
      auth: ['admin'],
      responses: {
        200: {
          description:
            'All processes that answered within a second. `absent` names those that answered this edge within ten minutes and are silent now',
          schema: Type.Object({
            processes: Type.Array(ProcessFigures),
            absent: Type.Array(
              Type.Object({
                kind: ProcessFigures.properties.kind,
                id: ProcessFigures.properties.id,
                seen_at: Timestamp,
              }),
            ),
          }),
        },
      },
      handler: async () => ({ status: 200, body: await found() }),
    }),
  ]
}

/**
 * Listens on the simulated bus for the checker: to events as the server receives them, and to
 * pushes and positions as engines send them.
 */
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { LocationPush } from '../../protocol/tracking/positions.ts'
import type { PushList } from '../../protocol/dispatch/pushes.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Checker } from './checker.ts'
import type { Ears } from './network.ts'
import type { SimNode } from './node.ts'
import type { Schedule } from './schedule.ts'

const edgePrefix = subjects.pushEdge('')
const eventPrefix = subjects.eventFilter.slice(0, -1)

/** Longest time that a restarting server forgets, ms. */
const rememberedMs = 2_000
/** A turn of a process is over when its microtasks are done. */
const turnMs = 1

/** The listener of a simulation's bus. */
export function checkingEars(checker: Checker, schedule: Schedule): Ears {
  const { audience } = checker
  const recent: { slot: number; seq: number; atMs: number; node: SimNode }[] = []
  return {
    heard(node, body) {
      const { slot, seq } = decodeBody(body) as PublishedEvent
      checker.heard(decodeBody(body) as PublishedEvent)
      recent.push({ slot, seq, atMs: schedule.nowMs, node })
      while (recent[0]!.atMs < schedule.nowMs - rememberedMs) recent.shift()
    },
    forgot(sinceMs) {
      for (const { slot, seq, node } of recent.filter(one => one.atMs >= sinceMs))
        checker.forgotten(slot, seq, node)
      recent.length = 0
    },
    handed(node, subject, body, linkUpSinceMs) {
      if (subject.startsWith(eventPrefix))
        audience.fact(node, (decodeBody(body) as PublishedEvent).id, linkUpSinceMs, run => {
          schedule.after(0, run)
        })
      else if (subject === subjects.pushAll) {
        audience.pushed(node, decodeBody(body) as PushList)
        schedule.after(turnMs, () => audience.forget(node))
      } else if (subject.startsWith(edgePrefix)) audience.located(decodeBody(body) as LocationPush)
    },
  }
}

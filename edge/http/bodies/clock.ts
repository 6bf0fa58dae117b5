/**
 * The clock of slow bodies. uWebSockets closes a connection without an answer when its body pauses
 * for ten seconds or is slower than 16 kB a second. Pausing and resuming a connection restarts
 * those ten seconds, so this clock does that for every body under way. It ends, with an answer and
 * by our own limits, only the bodies whose senders are gone or send too slowly.
 */
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { bodyLimits } from './limits.ts'

/** A body under way, as the clock sees it. */
export interface TimedBody {
  readonly isReadInPieces: boolean
  readonly isUpload: boolean
  readonly isHeldBack: boolean
  /** Bytes that have arrived. */
  readonly received: number
  rearm(): void
  interrupt(error: Error): void
  fail(error: Error): void
}

interface Progress {
  begunMs: number
  heardMs: number
}

export class BodyClock {
  readonly #underWay = new Map<TimedBody, Progress>()
  readonly #nowMs: () => number
  readonly #after: (ms: number, run: () => void) => () => void
  #ticking = false

  constructor({
    nowMs,
    after,
  }: {
    nowMs(): number
    after(ms: number, run: () => void): () => void
  }) {
    this.#nowMs = nowMs
    this.#after = after
  }

  add(body: TimedBody): void {
    const nowMs = this.#nowMs()
    this.#underWay.set(body, { begunMs: nowMs, heardMs: nowMs })
    this.#tick()
  }

  heard(body: TimedBody): void {
    const progress = this.#underWay.get(body)
    if (progress !== undefined) progress.heardMs = this.#nowMs()
  }

  /** Ends the bodies that are read in pieces; nobody need wait for them. */
  interrupt(error: CaduceusError): void {
    for (const body of this.#underWay.keys()) body.interrupt(error)
  }

  remove(body: TimedBody): void {
    this.#underWay.delete(body)
  }

  #tick(): void {
    if (this.#ticking || this.#underWay.size === 0) return
    this.#ticking = true
    this.#after(bodyLimits.rearmIntervalMs, () => {
      this.#ticking = false
      const nowMs = this.#nowMs()
      for (const [body, progress] of this.#underWay) {
        const why = tooSlow(progress, body, nowMs)
        if (why === null) body.rearm()
        else body.fail(new CaduceusError('body_too_slow', `${why}${adviceFor(body)}`))
      }
      this.#tick()
    })
  }
}

function adviceFor(body: TimedBody): string {
  if (body.isReadInPieces) return '; what has arrived of the file stays, go on from there'
  return body.isUpload
    ? '; send the file in parts to /api/uploads/resumable, where each part that arrives stays'
    : ''
}

function tooSlow({ begunMs, heardMs }: Progress, body: TimedBody, nowMs: number): string | null {
  if (body.isHeldBack) return null
  const { idleMsMax, bytesPerSecondMin } = bodyLimits
  if (nowMs - heardMs > idleMsMax) return `nothing more of the body came for ${idleMsMax / 1000} s`
  const dueBytes = ((nowMs - begunMs - idleMsMax) / 1000) * bytesPerSecondMin
  return body.received < dueBytes
    ? `the body came slower than ${bytesPerSecondMin} bytes a second`
    : null
}

/**
 * Decides which refusals of strangers the audit trail keeps. A stranger can cause refusals as fast
 * as the network allows, by links that do not exist, and each row would be kept for a year. So one
 * refusal stands for its repeats by the same address, and all strangers together have a budget;
 * refusals beyond it are only counted.
 *
 * Rejected: no row at all, because a trail is read to find an address that tries link after link.
 */
import type { Metrics } from '../kernel/metrics.ts'
import { addressGroup } from '../kernel/address.ts'
import type { AuditEntry } from './port.ts'
import { auditLimits } from './limits.ts'

const hourMs = 3_600_000

/**
 * True when the caller is unknown and nothing was shown or done. Close codes of sockets are above
 * every HTTP status.
 */
export const isRefusedStranger = ({
  actorId,
  code,
  status,
}: Pick<AuditEntry, 'actorId' | 'code' | 'status'>): boolean =>
  actorId === null && (code !== null || status >= 400)

export class Strangers {
  readonly #nowMs: () => number
  readonly #metrics: Pick<Metrics, 'auditRows'>
  /** Time at which each refusal was last kept, oldest first. */
  readonly #keptAtMs = new Map<string, number>()
  #tokens: number = auditLimits.strangerRowsPerHourMax
  #filledAtMs: number

  constructor(nowMs: () => number, metrics: Pick<Metrics, 'auditRows'>) {
    this.#nowMs = nowMs
    this.#metrics = metrics
    this.#filledAtMs = nowMs()
  }

  /** True when this refusal becomes a row. */
  keeps({ address, operation, code, status, targetId }: AuditEntry): boolean {
    const nowMs = this.#nowMs()
    const refusal = `${addressGroup(address)} ${operation} ${code ?? status} ${targetId ?? ''}`
    const keptAtMs = this.#keptAtMs.get(refusal)
    // A clock that was set back must not silence an address for long.
    if (
      keptAtMs !== undefined &&
      nowMs >= keptAtMs &&
      nowMs - keptAtMs < auditLimits.strangerRepeatMs
    ) {
      this.#metrics.auditRows.inc({ outcome: 'repeated' })
      return false
    }
    const passedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(
      auditLimits.strangerRowsPerHourMax,
      this.#tokens + (passedMs * auditLimits.strangerRowsPerHourMax) / hourMs,
    )
    if (this.#tokens < 1) {
      this.#metrics.auditRows.inc({ outcome: 'beyond_budget' })
      return false
    }
    this.#tokens--
    this.#keptAtMs.delete(refusal)
    this.#keptAtMs.set(refusal, nowMs)
    if (this.#keptAtMs.size > auditLimits.strangerRefusalsMax)
      this.#keptAtMs.delete(this.#keptAtMs.keys().next().value!)
    return true
  }
}

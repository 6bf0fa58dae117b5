/**
 * Decides what a pick-up, a hand-over and a return need, and what happens when the evidence is
 * missing or wrong. Missing evidence and evidence that forbids the hand-over refuse the command, and
 * name the field. What concerns the parcel itself is a fact that must stay known: another seal and a
 * wrong temperature break the chain, and a wrong code is counted. Pure.
 */
import { custodyBounds } from '../../protocol/custody/limits.ts'
import { factOf, type Evidence, type EvidenceFact } from '../../protocol/custody/evidence.ts'
import type { BreakKind } from '../../protocol/custody/facts.ts'
import type { CelsiusRange, Need, Policy, Stage } from '../../protocol/custody/policies.ts'
import { isOutside, type TemperatureSummary } from '../../protocol/custody/temperatures.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { emit, reject, type Rejection } from '../actors/decision.ts'
import { custodyOf, orderPolicy, type ChainBreak, type OrderCustody } from './custody-state.ts'
import type { OrderDecision } from './parties.ts'
import { proofOf, type Proof, type ProvingCommand } from './proof.ts'
import type { Deal, Delivery, Order, OrderCore } from './state.ts'

/** An order whose driver is known. */
export interface Carried {
  core: OrderCore
  deal: Deal
  delivery: Delivery
}
type Given = Extract<Proof, { ok: true }>

/** A refusal that names the fields of the command. */
export const refuseFields = (
  code: ErrorCode,
  fields: readonly (readonly [field: string, rule: string])[],
): Rejection => ({
  ...reject(code, fields.map(([field, rule]) => `${field} ${rule}`).join('; ')),
  fields: fields.map(([field, rule]) => ({ field, rule })),
})

/** A name as two spellings of it are compared. */
export const sameName = (a: string, b: string): boolean => plain(a) === plain(b)
const plain = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase()

/** The event of a break; null for one more than an order keeps. */
export function broken(
  { breaks }: OrderCustody,
  kind: BreakKind,
  stage: Stage,
  more: {
    note?: string | null
    seal?: string | null
    celsius?: number | null
    temperature?: TemperatureSummary
  } = {},
): OrderEvent {
  const { note = null, seal = null, celsius = null, temperature } = more
  return {
    type: 'chain_broken',
    data: {
      number: breaks.length + 1,
      kind,
      stage,
      note,
      found_seal: seal,
      celsius,
      ...(temperature !== undefined && { temperature }),
    },
  }
}

/**
 * Is this temperature an excursion upon which nobody has decided? What the pharmacy has allowed
 * stays allowed; anything warmer or colder than that is new, and so is anything that is measured
 * after an excursion without a temperature: nobody knew how far out it was.
 */
export function isNewExcursion(
  { breaks }: OrderCustody,
  range: CelsiusRange | null,
  celsius: number,
): boolean {
  if (range === null || !isOutside(range, celsius)) return false
  return !breaks.some(
    one =>
      one.kind === 'excursion' &&
      one.outcome === 'continue' &&
      one.celsius !== undefined &&
      (celsius > range.max
        ? one.celsius > range.max && celsius <= one.celsius
        : one.celsius < range.min && celsius >= one.celsius),
  )
}
/**
 * Does the pharmacy know already that the goods left their range? One that it sends back is as good
 * as open: nobody needs to hear of it again. One that was only seen hides none that is measured.
 */
export const isOpenExcursion = ({ kind, outcome, celsius }: ChainBreak): boolean =>
  kind === 'excursion' && (outcome === 'return' || (outcome === null && celsius !== undefined))

/**
 * Time by which a parcel that could not be handed over must be back, ms since the epoch; null
 * without such a time, and when it is over and known.
 */
export function returnDueMs(order: Order): number | null {
  if (!('failedAtMs' in order)) return null
  const minutes = orderPolicy(order, order.deal.vendor)?.returnMinutes ?? null
  return minutes === null || custodyOf(order).breaks.some(({ kind }) => kind === 'late_return')
    ? null
    : order.failedAtMs + minutes * 60_000
}

const beginnings: Readonly<Record<Stage, string>> = {
  pickup: 'the assignment',
  handover: 'the pick-up',
  return: 'the failed delivery',
}
const beginningMs = (order: Carried, stage: Stage): number | null => {
  if (stage === 'pickup') return order.delivery.assignedAtMs
  return stage === 'handover'
    ? order.delivery.pickedUpAtMs
    : 'failedAtMs' in order
      ? (order.failedAtMs as number)
      : null
}

/** What a stage comes to: its evidence and proofs, or the decision that ends the command. */
export type Outcome =
  | { passed: true; proof: Given; fact: EvidenceFact | null; before: readonly OrderEvent[] }
  | { passed: false; decision: OrderDecision }
const stop = (decision: OrderDecision): Outcome => ({ passed: false, decision })

/** `before`, in the outcome: events that come before the one of the stage. */
export function judgeStage(
  order: Carried,
  stage: Stage,
  command: ProvingCommand,
  nowMs: number,
): Outcome {
  const policy = orderPolicy(order, order.deal.vendor)
  const evidence: Evidence | undefined = command.data.custody
  const custody = custodyOf(order)
  const sinceMs = beginningMs(order, stage)
  const wrongTime = lateFault(evidence?.happened_at_ms, sinceMs, nowMs)
  if (wrongTime !== null)
    return stop(refuseFields('custody_evidence_refused', [['custody.happened_at_ms', wrongTime]]))
  if (stage !== 'return') {
    const open = openBreak(custody)
    if (open !== null) return stop(open)
  }
  const code = evidence?.code
  if (code !== undefined && stage === 'handover') {
    const refused = codeFault(order, custody, code)
    if (refused !== null) return stop(refused)
  }
  const proof = proofOf(order, command, { atMs: sinceMs, name: beginnings[stage] })
  if (!proof.ok) return stop(proof)
  if (policy !== null) {
    const missing = missingOf(order, policy, stage, command.by, evidence ?? {}, proof)
    if (missing.length > 0) return stop(refuseFields('custody_evidence_missing', missing))
  }
  const forbidden = forbiddenBy(order, policy, evidence ?? {}, nowMs)
  if (forbidden.length > 0) return stop(refuseFields('custody_evidence_refused', forbidden))
  const breaks = breaksOf(order, custody, policy, stage, evidence ?? {}, nowMs)
  const room = custodyBounds.breaksMax - custody.breaks.length
  // Goods that are back are back, whatever happened to them.
  if (breaks.length > 0 && stage !== 'return')
    return stop(
      room > 0
        ? emit(...breaks.slice(0, room))
        : reject('custody_unresolved', 'the chain of this order is broken too often'),
    )
  const photo = stage === 'handover' ? null : proof.proof_photo_url
  return { passed: true, proof, fact: factOf(evidence, photo), before: breaks.slice(0, room) }
}

/** The rule that a time of the driver's own clock breaks; null when it may be. */
export function lateFault(
  happenedAtMs: number | undefined,
  sinceMs: number | null,
  nowMs: number,
): string | null {
  if (happenedAtMs === undefined) return null
  if (happenedAtMs > nowMs + custodyBounds.aheadMs) return 'is in the future'
  if (happenedAtMs < nowMs - custodyBounds.lateMs) return 'is too long ago'
  return sinceMs !== null && happenedAtMs < sinceMs - custodyBounds.aheadMs
    ? 'is before the stage began'
    : null
}

function openBreak({ breaks }: OrderCustody): Rejection | null {
  const open = breaks.find(({ outcome }) => outcome === null)
  if (open !== undefined)
    return reject(
      'custody_unresolved',
      `break ${open.number} (${open.kind}) waits for a decision of the pharmacy`,
    )
  return breaks.some(({ outcome }) => outcome === 'return')
    ? reject('custody_unresolved', 'the pharmacy decided that the parcel goes back')
    : null
}

/**
 * A wrong code is counted, so that nobody can try all of them. A code of another assignment, or one
 * that was replaced, is wrong.
 */
function codeFault(
  { delivery }: Carried,
  { code }: OrderCustody,
  shown: NonNullable<Evidence['code']>,
): OrderDecision | null {
  if (code.wrong >= custodyBounds.codeTriesMax)
    return reject('custody_code_locked', 'too many wrong codes; the customer asks for a new one')
  const right =
    shown.right &&
    shown.generation === code.generation &&
    shown.assignment_id === delivery.assignmentId
  return right
    ? null
    : emit<OrderEvent>({
        type: 'code_refused',
        data: { generation: code.generation, method: shown.method },
      })
}

type Missing = readonly [field: string, rule: string]

function missingOf(
  order: Carried,
  policy: Policy,
  stage: Stage,
  by: Principal,
  evidence: Evidence,
  proof: Given,
): Missing[] {
  const custody = custodyOf(order)
  const waived = (kind: BreakKind): boolean =>
    custody.breaks.some(
      one => one.kind === kind && one.stage === stage && one.outcome === 'continue',
    )
  const ask = (met: boolean, field: string, rule = 'is needed for these goods'): Missing[] =>
    met ? [] : [[field, rule]]
  const packed = custody.packedAtMs !== null
  const meets: Readonly<Record<Need, () => Missing[]>> = {
    seal_number: () => [
      ...ask(custody.seal !== null, 'seal_number', 'was not given by the pharmacy when it packed'),
      ...ask(evidence.seal_number !== undefined, 'custody.seal_number'),
    ],
    scans: () => [
      ...ask(custody.packages.length > 0, 'packages', 'were not given by the pharmacy'),
      ...ask(
        custody.scanned[stage].length === custody.packages.length || waived('missing_scan'),
        'scans',
        `are needed of all packages: ${custody.scanned[stage].length} of ${custody.packages.length} are scanned`,
      ),
    ],
    temperature: () =>
      ask(evidence.temperature_celsius !== undefined, 'custody.temperature_celsius'),
    photo: () => ask(proof.proof_photo_url !== null, 'proof_photo_url'),
    signature: () => [
      ...ask(
        proof.signature_url !== null ||
          (evidence.no_signature_reason !== undefined && evidence.identity !== undefined),
        'signature_url',
        'is needed, or custody.no_signature_reason with custody.identity',
      ),
      ...ask(evidence.receiver !== undefined, 'custody.receiver'),
    ],
    code: () => ask(evidence.code !== undefined, 'custody.code'),
    identity: () => ask(evidence.identity !== undefined, 'custody.identity'),
    in_person: () => [],
    named_agent: () => ask(evidence.receiver !== undefined, 'custody.receiver'),
    both_sides: () =>
      stage === 'pickup'
        ? [
            ...ask(packed, 'packages', 'were not packed by the pharmacy'),
            ...ask(by.role === 'driver', 'by', 'must be the driver, who takes the parcel'),
          ]
        : ask(
            by.role === 'vendor' || by.role === 'service',
            'by',
            'must be the pharmacy, which takes the parcel back',
          ),
  }
  const missing = policy[stage].flatMap(need => meets[need]())
  if (stage === 'handover' && policy.minimumAge !== null)
    missing.push(...ask(evidence.age_at_least !== undefined, 'custody.age_at_least'))
  const fields = new Set<string>()
  return missing.filter(([field]) => !fields.has(field) && fields.add(field))
}

/** The evidence that forbids the hand-over. */
function forbiddenBy(
  order: Carried,
  policy: Policy | null,
  evidence: Evidence,
  nowMs: number,
): Missing[] {
  if (policy === null) return []
  const wanted = policy.handover
  const { identity, age_at_least: age, receiver, left_at_door } = evidence
  const forbidden: Missing[] = []
  if (left_at_door === true && wanted.includes('in_person'))
    forbidden.push(['custody.left_at_door', 'is not allowed for these goods'])
  if (identity !== undefined && identity.outcome !== 'matches' && wanted.includes('identity'))
    forbidden.push(['custody.identity', 'does not show that it is this person'])
  if (age !== undefined && policy.minimumAge !== null && age < policy.minimumAge)
    forbidden.push(['custody.age_at_least', `is below ${policy.minimumAge}`])
  if (receiver !== undefined && wanted.includes('named_agent')) {
    const atMs = evidence.happened_at_ms ?? nowMs
    if (sameName(receiver.name, order.delivery.driver.name))
      forbidden.push(['custody.receiver', 'is the driver'])
    else if (
      receiver.relationship !== 'patient' &&
      !custodyOf(order).agents.some(one => one.atMs <= atMs && sameName(one.name, receiver.name))
    )
      forbidden.push(['custody.receiver', 'was not named as an agent before'])
  }
  return forbidden
}

/** The breaks that the evidence shows, in the order in which they are told. */
function breaksOf(
  order: Carried,
  custody: OrderCustody,
  policy: Policy | null,
  stage: Stage,
  { seal_number: seal, temperature_celsius: read, temperatures, happened_at_ms }: Evidence,
  nowMs: number,
): OrderEvent[] {
  const found: OrderEvent[] = []
  const add = (kind: BreakKind, more: Parameters<typeof broken>[3]): void => {
    const before = [...custody.breaks, ...found]
    found.push(broken({ ...custody, breaks: before as OrderCustody['breaks'] }, kind, stage, more))
  }
  if (seal !== undefined && custody.seal !== null && seal !== custody.seal)
    add('other_seal', { seal })
  // Cold is told first, as for readings; what was measured goes before what somebody read.
  const range = policy?.celsius ?? null
  const celsius = [temperatures?.min_celsius, temperatures?.max_celsius, read].find(
    one => one !== undefined && isNewExcursion(custody, range, one),
  )
  if (celsius !== undefined && !custody.breaks.some(isOpenExcursion))
    add('excursion', { celsius, ...(temperatures !== undefined && { temperature: temperatures }) })
  if (stage === 'return' && 'failedAtMs' in order) {
    const dueMs = returnDueMs(order as unknown as Order)
    if (dueMs !== null && (happened_at_ms ?? nowMs) > dueMs) add('late_return', {})
  }
  return found
}

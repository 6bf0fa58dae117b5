/**
 * Decides upon the commands of custody: packing, scanning, agents, codes for the door, and breaks of
 * the chain with the decision upon them. Pure.
 */
import { custodyBounds } from '../../protocol/custody/limits.ts'
import {
  differenceOf,
  isExpired,
  readPackage,
  type Package,
} from '../../protocol/custody/element-strings.ts'
import type { PackageFact } from '../../protocol/custody/facts.ts'
import type { Stage } from '../../protocol/custody/policies.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { emit, reject, unreachable, type Rejection } from '../actors/decision.ts'
import type { OrderCommand } from './commands.ts'
import {
  broken,
  isNewExcursion,
  isOpenExcursion,
  refuseFields,
  returnDueMs,
  sameName,
} from './custody.ts'
import { classesOf, custodyOf, orderPolicy } from './custody-state.ts'
import {
  conflict,
  isCustomer,
  isDriver,
  isPharmacy,
  notFound,
  type Of,
  type OrderDecision,
} from './parties.ts'
import {
  deliveryOf,
  isBeingBrought,
  isBeingFetched,
  isEnded,
  isUnderWay,
  pharmacyOf,
  type Order,
} from './state.ts'

export const custodyVerbs = [
  'pack',
  'scan',
  'name_agent',
  'renew_code',
  'report_break',
  'record_temperatures',
  'mend',
  'return_overdue',
] as const
export type CustodyCommand = Extract<OrderCommand, { verb: (typeof custodyVerbs)[number] }>
type Living = Exclude<Order, { kind: 'absent' }>

/** The stage that a parcel is at; null while it is in nobody's hands but the pharmacy's. */
function stageOf(order: Order): Stage | null {
  if (isBeingFetched(order)) return 'pickup'
  if (isBeingBrought(order)) return 'handover'
  return isUnderWay(order) ? 'return' : null
}

export function decideCustody(
  order: Living,
  command: CustodyCommand,
  nowMs: number,
): OrderDecision {
  switch (command.verb) {
    case 'pack':
      return pack(order, command, nowMs)
    case 'scan':
      return scan(order, command, nowMs)
    case 'name_agent':
      return nameAgent(order, command)
    case 'renew_code':
      return renewCode(order, command)
    case 'report_break':
      return reportBreak(order, command)
    case 'record_temperatures':
      return recordTemperatures(order, command)
    case 'mend':
      return mend(order, command)
    case 'return_overdue': {
      const dueMs = returnDueMs(order)
      return dueMs === null || nowMs < dueMs
        ? emit()
        : emit(broken(custodyOf(order), 'late_return', 'return'))
    }
    default:
      return unreachable(command)
  }
}

const longitudeOf = (order: Living): number => pharmacyOf(order)?.longitude ?? 0

/** Something that looks like element strings is read as such; any other code is a label. */
const looksLikeGs1 = (code: string): boolean =>
  code.startsWith(']') || code.startsWith('\u001d') || /^01\d{14}/.test(code)

/** A scanned code as a package, or the refusal of goods that nobody may have. */
function packageOf(
  code: string,
  order: Living,
  nowMs: number,
): { ok: true; package: PackageFact } | Rejection {
  if (!looksLikeGs1(code))
    return {
      ok: true,
      package: { gtin: null, batch: null, expiry: null, serial: null, label: code },
    }
  const read = readPackage(code, nowMs)
  if (!read.ok) return refuseFields('goods_refused', [[read.field, read.why]])
  if (isExpired(read.package.expiry, nowMs, longitudeOf(order)))
    return refuseFields('goods_refused', [['expiry', `was ${read.package.expiry}`]])
  return { ok: true, package: { ...read.package, label: null } }
}

function pack(order: Living, command: Of<'pack'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast' || !isPharmacy(order, command.by)) return notFound()
  if (order.kind !== 'accepted' && !isBeingFetched(order)) return conflict(order, 'packed')
  const { goods_classes, seal_number = null, packages: codes } = command.data
  const packages: PackageFact[] = []
  for (const code of codes) {
    const read = packageOf(code, order, nowMs)
    if (!read.ok) return read
    packages.push(read.package)
  }
  const data = { classes: goods_classes ?? [...classesOf(order)], seal_number, packages }
  const custody = custodyOf(order)
  const known = { classes: custody.classes, seal_number: custody.seal, packages: custody.packages }
  return custody.packedAtMs !== null && JSON.stringify(known) === JSON.stringify(data)
    ? emit()
    : emit<OrderEvent>({ type: 'parcel_packed', data })
}

/** Not `isPrivileged`: whoever scans has the package in the hand. */
const mayScan = (order: Living, command: OrderCommand): boolean =>
  isDriver(order, command.by) || isPharmacy(order, command.by)

function scan(order: Living, command: Of<'scan'>, nowMs: number): OrderDecision {
  if (!mayScan(order, command)) return notFound()
  const stage = stageOf(order)
  if (stage === null) return conflict(order, 'scanned')
  const read = packageOf(command.data.code, order, nowMs)
  if (!read.ok) return read
  const custody = custodyOf(order)
  const scanned = new Set(custody.scanned[stage])
  const same = custody.packages.flatMap((one, place) => (isSame(one, read.package) ? [place] : []))
  const place = same.find(one => !scanned.has(one))
  if (place !== undefined)
    return emit<OrderEvent>({ type: 'package_scanned', data: { stage, place } })
  if (same.length > 0) return emit()
  return refuseFields('goods_refused', [mismatch(custody.packages, read.package)])
}

const isSame = (a: PackageFact, b: PackageFact): boolean =>
  a.label === b.label && (a.label !== null || differenceOf(a as Package, b as Package) === null)

/** The part in which a package differs from the one that is most like it. */
function mismatch(
  dispensed: readonly PackageFact[],
  found: PackageFact,
): readonly [field: string, rule: string] {
  const alike = dispensed.find(({ gtin }) => gtin !== null && gtin === found.gtin)
  if (found.label !== null || alike === undefined)
    return [found.label === null ? 'gtin' : 'code', 'is not one that was dispensed']
  return [
    differenceOf(alike as Package, found as Package)!,
    'is not that of the package that was dispensed',
  ]
}

function nameAgent(order: Living, command: Of<'name_agent'>): OrderDecision {
  if (!isCustomer(order, command.by) && !isPharmacy(order, command.by)) return notFound()
  if (order.kind === 'broadcast' || isEnded(order)) return conflict(order, 'given an agent')
  if (stageOf(order) === 'return') return conflict(order, 'given an agent')
  const { agents } = custodyOf(order)
  const { name, relationship } = command.data
  if (agents.some(one => sameName(one.name, name))) return emit()
  if (agents.length >= custodyBounds.agentsMax)
    return reject('order_state_conflict', `an order has at most ${custodyBounds.agentsMax} agents`)
  const driver = deliveryOf(order)?.driver
  if (driver !== undefined && sameName(driver.name, name))
    return refuseFields('custody_evidence_refused', [['name', 'is that of the driver']])
  return emit<OrderEvent>({ type: 'agent_named', data: { name, relationship } })
}

const isOffice = ({ role }: Principal): boolean => role === 'vendor' || role === 'admin'

function renewCode(order: Living, command: Of<'renew_code'>): OrderDecision {
  if (!isCustomer(order, command.by) && !isPharmacy(order, command.by)) return notFound()
  const stage = stageOf(order)
  if (stage !== 'pickup' && stage !== 'handover') return conflict(order, 'given a new code')
  const { generation: known, wrong } = custodyOf(order).code
  const { generation } = command.data
  if (generation <= known) return emit()
  // The customer may be showing the code at this moment, and a new one makes it wrong.
  if (isOffice(command.by) && wrong < custodyBounds.codeTriesMax)
    return reject('order_state_conflict', "the customer's code is good; only too many tries end it")
  if (known >= custodyBounds.codeGenerationsMax)
    return reject('custody_code_locked', 'this order has had too many codes')
  return generation === known + 1
    ? emit<OrderEvent>({ type: 'code_renewed', data: { generation } })
    : conflict(order, `given code ${generation} after code ${known}`)
}

function reportBreak(order: Living, command: Of<'report_break'>): OrderDecision {
  if (!mayScan(order, command)) return notFound()
  const stage = stageOf(order)
  if (stage === null) return conflict(order, 'reported as broken')
  const { kind, note = null, celsius = null } = command.data
  const custody = custodyOf(order)
  const isKnown = custody.breaks.some(one =>
    kind === 'excursion' && celsius !== null
      ? isOpenExcursion(one)
      : one.kind === kind && one.outcome === null,
  )
  if (isKnown) return emit()
  if (custody.breaks.length >= custodyBounds.breaksMax)
    return reject('custody_unresolved', 'the chain of this order is broken too often')
  return emit(broken(custody, kind, stage, { note, celsius }))
}

/**
 * Readings come by the hundred, so only what they come to is decided upon: one break while nobody has
 * decided, and after a decision only for goods that are warmer or colder than what was allowed.
 */
function recordTemperatures(order: Living, command: Of<'record_temperatures'>): OrderDecision {
  if (!mayScan(order, command)) return notFound()
  const stage = stageOf(order)
  if (stage === null || stage === 'pickup') return conflict(order, 'measured on its way')
  const custody = custodyOf(order)
  const range = orderPolicy(order, pharmacyOf(order))?.celsius ?? null
  const { min_celsius: min, max_celsius: max } = command.data
  // Cold is told first: goods that froze are lost, whatever else happened to them.
  const celsius = [min, max].find(one => isNewExcursion(custody, range, one))
  if (celsius === undefined || custody.breaks.some(isOpenExcursion)) return emit()
  if (custody.breaks.length >= custodyBounds.breaksMax)
    // Goods on their way back come back, whatever happened to them.
    return stage === 'return'
      ? emit()
      : reject('custody_unresolved', 'the chain of this order is broken too often')
  return emit(broken(custody, 'excursion', stage, { celsius, temperature: command.data }))
}

function mend(order: Living, command: Of<'mend'>): OrderDecision {
  if (order.kind === 'broadcast' || !isPharmacy(order, command.by)) return notFound()
  const { number, outcome, reason } = command.data
  const known = custodyOf(order).breaks.find(one => one.number === number)
  if (known === undefined) return reject('not_found', 'this chain has no such break')
  if (known.kind === 'excursion' && command.by.role === 'admin')
    return reject('forbidden', 'a pharmacist of the pharmacy decides upon an excursion')
  if (known.outcome !== null)
    return known.outcome === outcome
      ? emit()
      : reject('order_state_conflict', `it was decided already: ${known.outcome}`)
  return emit<OrderEvent>({ type: 'chain_mended', data: { number, outcome, reason } })
}

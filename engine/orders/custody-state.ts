/**
 * What an order keeps for the custody of its parcel, and how its events change it. It lies in the
 * part of an order that every state has, because a chain may break, and be mended, at any time.
 */
import type { GoodsClass } from '../../protocol/custody/classes.ts'
import type { Agent } from '../../protocol/custody/evidence.ts'
import type { BreakKind, BreakOutcome, PackageFact } from '../../protocol/custody/facts.ts'
import { asksNothing, policyOf, type Policy, type Stage } from '../../protocol/custody/policies.ts'
import type { KineticVerdict } from '../../protocol/custody/temperatures.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { PharmacyFact } from '../../protocol/dispatch/facts.ts'
import {
  deliveringStatuses,
  endedStatuses,
  statusesWith,
  underWayStatuses,
} from '../../protocol/orders/statuses.ts'

export interface ChainBreak {
  number: number
  kind: BreakKind
  stage: Stage
  atMs: number
  /** Null until the pharmacy has decided. */
  outcome: BreakOutcome | null
  /** The seal that was found instead; absent where none was. */
  seal?: string
  /** The temperature of an excursion; absent where none was measured. */
  celsius?: number
  verdict?: KineticVerdict
}

export interface OrderCustody {
  /** The classes by the pharmacy; null: as the customer gave them. */
  classes: GoodsClass[] | null
  seal: string | null
  packages: PackageFact[]
  packedAtMs: number | null
  /** Places in `packages` of those that were scanned. */
  scanned: Record<Stage, number[]>
  agents: (Agent & { atMs: number })[]
  code: { generation: number; wrong: number }
  breaks: ChainBreak[]
}

export const noCustody: OrderCustody = {
  classes: null,
  seal: null,
  packages: [],
  packedAtMs: null,
  scanned: { pickup: [], handover: [], return: [] },
  agents: [],
  code: { generation: 0, wrong: 0 },
  breaks: [],
}

export type CustodyEvent = Extract<
  OrderEvent,
  {
    type:
      | 'parcel_packed'
      | 'package_scanned'
      | 'agent_named'
      | 'code_refused'
      | 'code_renewed'
      | 'chain_broken'
      | 'chain_mended'
  }
>

const seeking = statusesWith('seeksDriver', true)
const fetching = statusesWith('heading', 'pickup')
/** The kinds of an order in which each event of custody may come. */
export const custodyKindsOf: Readonly<Record<CustodyEvent['type'], ReadonlySet<string>>> = {
  parcel_packed: new Set([...seeking, ...fetching]),
  package_scanned: new Set(underWayStatuses),
  agent_named: new Set(['pending', ...seeking, ...fetching, ...deliveringStatuses]),
  code_refused: new Set(['out_for_delivery']),
  code_renewed: new Set([...fetching, ...deliveringStatuses]),
  chain_broken: new Set(underWayStatuses),
  // The decision may come late, and the order may have lost its driver.
  chain_mended: new Set([...underWayStatuses, ...seeking, ...endedStatuses]),
}

/** The custody after an event of it. `atMs`: time of the event, ms since the epoch. */
export function evolveCustody(
  custody: OrderCustody,
  event: CustodyEvent,
  atMs: number,
): OrderCustody {
  switch (event.type) {
    case 'parcel_packed': {
      const { classes, seal_number, packages } = event.data
      return {
        ...custody,
        classes,
        seal: seal_number,
        packages,
        packedAtMs: atMs,
        scanned: noCustody.scanned,
      }
    }
    case 'package_scanned': {
      const { stage, place } = event.data
      const scanned = { ...custody.scanned, [stage]: [...custody.scanned[stage], place] }
      return { ...custody, scanned }
    }
    case 'agent_named':
      return { ...custody, agents: [...custody.agents, { ...event.data, atMs }] }
    case 'code_refused':
      return { ...custody, code: { ...custody.code, wrong: custody.code.wrong + 1 } }
    case 'code_renewed':
      return { ...custody, code: { generation: event.data.generation, wrong: 0 } }
    case 'chain_broken': {
      const { number, kind, stage, found_seal, celsius, temperature } = event.data
      const verdict = temperature?.verdict ?? null
      const broken: ChainBreak = {
        number,
        kind,
        stage,
        atMs,
        outcome: null,
        ...(found_seal !== null && { seal: found_seal }),
        ...(celsius !== null && { celsius }),
        ...(verdict !== null && { verdict }),
      }
      return { ...custody, breaks: [...custody.breaks, broken] }
    }
    case 'chain_mended': {
      const { number, outcome } = event.data
      const mended = custody.breaks.find(one => one.number === number)
      return {
        ...custody,
        // The chain goes on with the seal that was found.
        seal: outcome === 'continue' && mended?.seal !== undefined ? mended.seal : custody.seal,
        breaks: custody.breaks.map(one => (one.number === number ? { ...one, outcome } : one)),
      }
    }
  }
}

interface Carried {
  core: { goodsClasses?: readonly GoodsClass[] | null; custody?: OrderCustody }
}

export const custodyOf = ({ core }: Carried): OrderCustody => core.custody ?? noCustody

/** The classes of the goods; none for plain ones. */
export const classesOf = ({ core }: Carried): readonly GoodsClass[] =>
  core.custody?.classes ?? core.goodsClasses ?? []

/**
 * The policy of an order; null when nothing is asked for. The additions are those that the pharmacy
 * had when it took the order, so a delivery under way does not change its rules.
 */
export function orderPolicy(order: Carried, pharmacy: PharmacyFact | null): Policy | null {
  const classes = classesOf(order)
  const additions = pharmacy?.custody
  if (classes.length === 0 && additions === undefined) return null
  const policy = policyOf(classes, additions)
  return asksNothing(policy) ? null : policy
}

/**
 * The part of the table of decisions that is about custody: what each class of goods needs at each
 * stage, and what happens when it is missing or wrong.
 */
import type { GoodsClass } from '../../protocol/custody/classes.ts'
import { policyOf, type CustodyAdditions } from '../../protocol/custody/policies.ts'
import { custodyBounds } from '../../protocol/custody/limits.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import type { Row } from './fixture-decisions.ts'
import {
  admin,
  customer,
  driver,
  driverFact,
  give,
  happened,
  offerIds,
  pharmacyFact,
  photo,
  principal,
  reached,
  signature,
  vendor,
} from './fixtures.ts'

type Evidence = NonNullable<OrderCommandData['deliver']['custody']>
const stranger = principal('customer', 'nobody')
const { accepted, assigned, pickedUp, onTheWay, failed, returning, packed, scanned } = happened

/** A request for goods of these classes, accepted by a pharmacy with these additions. */
const ordered = (classes: GoodsClass[], custody?: CustodyAdditions): OrderEvent[] => [
  { ...happened.opened, data: { ...happened.opened.data, goods_classes: classes } },
  {
    ...accepted,
    data: {
      ...accepted.data,
      vendor: { ...pharmacyFact(0), ...(custody !== undefined && { custody }) },
    },
  },
]
const packedAs = (classes: GoodsClass[]): OrderEvent => ({
  ...packed,
  data: { ...packed.data, classes },
})
const controlled = [...ordered(['controlled']), packedAs(['controlled']), assigned]
const cold = [...ordered(['cold_chain']), packedAs(['cold_chain']), assigned]
const atDoor = [...controlled, scanned, pickedUp, onTheWay]
const coldAtDoor = [...cold, pickedUp, onTheWay]
const coldBack = [...coldAtDoor, failed, returning]
const adult = [...ordered(['age_restricted']), assigned, pickedUp, onTheWay]
const goingBack = [...controlled, scanned, pickedUp, failed, returning]
const scannedBack: OrderEvent = {
  ...scanned,
  data: { stage: 'return', place: 0 },
}
const wrong = Array.from({ length: custodyBounds.codeTriesMax }, () => happened.codeRefused)
const code = { method: 'pin' as const, right: true, assignment_id: offerIds[0], generation: 0 }
const hand = (evidence: Evidence, signed = true) =>
  give.deliver(driver, {
    ...(signed
      ? { signature_url: uploadUrl(signature.id) }
      : { proof_photo_url: uploadUrl(photo.id) }),
    custody: evidence,
  })
const patient: Evidence = {
  seal_number: 'S-1',
  code,
  identity: { document: 'passport', outcome: 'matches' },
  receiver: { name: 'Cleo', relationship: 'patient' },
}
const without = (field: keyof Evidence): Evidence => {
  const { [field]: _, ...rest } = patient
  return rest
}
const ann: Evidence = { ...patient, receiver: { name: 'ann', relationship: 'family' } }
const brokenAt = (stage: 'pickup' | 'handover', kind = 'other_seal' as const): OrderEvent => ({
  ...happened.broken,
  data: { ...happened.broken.data, stage, kind },
})
const lostScan: OrderEvent = {
  ...happened.broken,
  data: { ...happened.broken.data, stage: 'pickup', kind: 'missing_scan', found_seal: null },
}
const warmed = (celsius: number): OrderEvent => ({
  ...happened.broken,
  data: {
    ...happened.broken.data,
    stage: 'handover',
    kind: 'excursion',
    found_seal: null,
    celsius,
  },
})
/** An excursion that somebody saw, without a temperature. */
const seen: OrderEvent = {
  ...happened.broken,
  data: { ...happened.broken.data, stage: 'handover', kind: 'excursion', found_seal: null },
}
const measured = (min: number, max: number): Evidence => ({
  seal_number: 'S-1',
  temperature_celsius: 5,
  temperatures: give.summary(min, max),
})
const allowedAll = Array.from({ length: custodyBounds.breaksMax }, (_, i) => [
  { ...warmed(9), data: { ...warmed(9).data, number: i + 1 } } as OrderEvent,
  { ...happened.mended, data: { ...happened.mended.data, number: i + 1 } } as OrderEvent,
]).flat()
const goBack: OrderEvent = {
  ...happened.mended,
  data: { ...happened.mended.data, outcome: 'return' },
}
const gtin = '0109506000134352'
const dated = (expiry: string): string => `${gtin}17${expiry}10B1\u001d21S9`
const hour = 3_600_000
const dueMs = policyOf(['controlled']).returnMinutes! * 60_000

const allowedWarm = [...coldAtDoor, warmed(9), happened.mended]
export const custodyTable: Record<string, Row[]> = {
  'pick_up: what the goods need': [
    [[...ordered(['prescription']), assigned], give.pickUp(), 0, ['picked_up']],
    [[...ordered(['controlled']), assigned], give.pickUp(), 0, 'custody_evidence_missing'],
    [controlled, give.pickUp(), 0, 'custody_evidence_missing'],
    [
      controlled,
      give.pickUp(driver, { custody: { seal_number: 'S-1' } }),
      0,
      'custody_evidence_missing',
    ],
    [
      [...controlled, scanned],
      give.pickUp(driver, { custody: { seal_number: 'S-1' } }),
      0,
      ['picked_up'],
    ],
    [
      [...controlled, scanned],
      give.pickUp(vendor, { custody: { seal_number: 'S-1' } }),
      0,
      'custody_evidence_missing',
    ],
    [
      [...controlled, scanned],
      give.pickUp(driver, { custody: { seal_number: 'S-2' } }),
      0,
      ['chain_broken'],
    ],
    [
      [...controlled, scanned, brokenAt('pickup')],
      give.pickUp(driver, { custody: { seal_number: 'S-1' } }),
      0,
      'custody_unresolved',
    ],
    [
      [...controlled, scanned, brokenAt('pickup'), happened.mended],
      give.pickUp(driver, { custody: { seal_number: 'S-2' } }),
      0,
      ['picked_up'],
    ],
    [
      [...controlled, lostScan, happened.mended],
      give.pickUp(driver, { custody: { seal_number: 'S-1' } }),
      0,
      ['picked_up'],
    ],
    [cold, give.pickUp(driver, { custody: { seal_number: 'S-1' } }), 0, 'custody_evidence_missing'],
    [
      cold,
      give.pickUp(driver, { custody: { seal_number: 'S-1', temperature_celsius: 8 } }),
      0,
      ['picked_up'],
    ],
    [
      cold,
      give.pickUp(driver, { custody: { seal_number: 'S-1', temperature_celsius: 8.1 } }),
      0,
      ['chain_broken'],
    ],
    [
      [...ordered([], { plain: { pickup: ['photo'] } }), assigned],
      give.pickUp(),
      0,
      'custody_evidence_missing',
    ],
    [
      [...ordered([], { plain: { pickup: ['photo'] } }), assigned],
      give.pickUp(driver, { proof_photo_url: uploadUrl(photo.id) }, [photo]),
      0,
      ['picked_up'],
    ],
    [
      [...controlled, scanned],
      give.pickUp(driver, { custody: { seal_number: 'S-1', happened_at_ms: hour } }),
      0,
      'custody_evidence_refused',
    ],
  ],
  'deliver: what the goods need': [
    [atDoor, hand(patient), 0, ['delivered']],
    ...(['seal_number', 'code', 'identity', 'receiver'] as const).map((field): Row => [
      atDoor,
      hand(without(field)),
      0,
      'custody_evidence_missing',
    ]),
    [atDoor, hand(patient, false), 0, 'custody_evidence_missing'],
    [atDoor, hand({ ...patient, no_signature_reason: 'hand hurt' }, false), 0, ['delivered']],
    [atDoor, hand({ ...patient, left_at_door: true }), 0, 'custody_evidence_refused'],
    [
      atDoor,
      hand({ ...patient, identity: { document: 'passport', outcome: 'differs' } }),
      0,
      'custody_evidence_refused',
    ],
    [atDoor, hand({ ...patient, code: { ...code, right: false } }), 0, ['code_refused']],
    [atDoor, hand({ ...patient, code: { ...code, generation: 1 } }), 0, ['code_refused']],
    [atDoor, hand({ ...patient, code: { ...code, assignment_id: 'x' } }), 0, ['code_refused']],
    [[...atDoor, ...wrong], hand(patient), 0, 'custody_code_locked'],
    [
      [...atDoor, ...wrong, happened.codeRenewed],
      hand({ ...patient, code: { ...code, generation: 1 } }),
      0,
      ['delivered'],
    ],
    [atDoor, hand(ann), 0, 'custody_evidence_refused'],
    [[...atDoor, happened.agentNamed], hand(ann), 0, ['delivered']],
    [
      [...atDoor, happened.agentNamed],
      hand({ ...ann, receiver: { name: driverFact(0).name, relationship: 'patient' } }),
      0,
      'custody_evidence_refused',
    ],
    [atDoor, hand({ ...patient, seal_number: 'S-9' }), 0, ['chain_broken']],
    [[...atDoor, brokenAt('handover'), goBack], hand(patient), 0, 'custody_unresolved'],
    [coldAtDoor, hand({ seal_number: 'S-1', temperature_celsius: 1.9 }), 0, ['chain_broken']],
    [coldAtDoor, hand({ seal_number: 'S-1', temperature_celsius: 2 }), 0, ['delivered']],
    // What thermometers measured on the way counts as much as what somebody reads at the door.
    [coldAtDoor, hand(measured(2, 8)), 0, ['delivered']],
    [coldAtDoor, hand(measured(5, 8.1)), 0, ['chain_broken']],
    [coldAtDoor, hand(measured(1.9, 5)), 0, ['chain_broken']],
    [[...coldAtDoor, warmed(9), happened.mended], hand(measured(5, 9)), 0, ['delivered']],
    [[...coldAtDoor, warmed(9), happened.mended], hand(measured(5, 10)), 0, ['chain_broken']],
    // One more than an order keeps stops the hand-over too.
    [[...coldAtDoor, ...allowedAll], hand(measured(5, 10)), 0, 'custody_unresolved'],
    [
      [...coldAtDoor, warmed(9)],
      hand({ seal_number: 'S-1', temperature_celsius: 5 }),
      0,
      'custody_unresolved',
    ],
    [
      [...coldAtDoor, warmed(9), happened.mended],
      hand({ seal_number: 'S-1', temperature_celsius: 9 }),
      0,
      ['delivered'],
    ],
    [
      [...coldAtDoor, warmed(9), happened.mended],
      hand({ seal_number: 'S-1', temperature_celsius: 20 }),
      0,
      ['chain_broken'],
    ],
    [
      [...coldAtDoor, seen, happened.mended],
      hand({ seal_number: 'S-1', temperature_celsius: 20 }),
      0,
      ['chain_broken'],
    ],
    [
      adult,
      hand({ identity: { document: 'other', outcome: 'matches' } }),
      0,
      'custody_evidence_missing',
    ],
    [
      adult,
      hand({ identity: { document: 'other', outcome: 'matches' }, age_at_least: 17 }),
      0,
      'custody_evidence_refused',
    ],
    [
      adult,
      hand({ identity: { document: 'other', outcome: 'matches' }, age_at_least: 18 }),
      0,
      ['delivered'],
    ],
    [reached.out_for_delivery, hand({ left_at_door: true }), 0, ['delivered']],
    // Both happened without a connection, and the pick-up was handed in after the hand-over.
    [
      [
        ...controlled,
        scanned,
        { ...pickedUp, data: { custody: { happened_at_ms: -hour } } },
        onTheWay,
      ],
      hand({ ...patient, happened_at_ms: 1 - hour }),
      0,
      ['delivered'],
    ],
    [
      reached.picked_up,
      { ...give.fail(), data: { reason: 'nobody', custody: { happened_at_ms: hour } } } as never,
      0,
      'custody_evidence_refused',
    ],
  ],
  'complete_return: what the goods need': [
    [goingBack, give.completeReturn(), 0, 'custody_evidence_missing'],
    [
      [...goingBack, scannedBack],
      give.completeReturn(driver, { custody: { seal_number: 'S-1' } }),
      0,
      'custody_evidence_missing',
    ],
    [
      [...goingBack, scannedBack],
      give.completeReturn(vendor, { custody: { seal_number: 'S-1' } }),
      0,
      ['returned'],
    ],
    [
      [...goingBack, scannedBack],
      give.completeReturn(vendor, { custody: { seal_number: 'S-9' } }),
      dueMs + 1,
      ['chain_broken', 'chain_broken', 'returned'],
    ],
    [
      [...goingBack, scannedBack],
      give.completeReturn(vendor, { custody: { seal_number: 'S-1', happened_at_ms: dueMs } }),
      dueMs + 1,
      ['returned'],
    ],
  ],
  'complete_return: what was measured': [
    [
      coldBack,
      give.completeReturn(driver, { custody: measured(5, 9) }),
      0,
      ['chain_broken', 'returned'],
    ],
    [
      [...coldAtDoor, warmed(9), goBack, failed, returning],
      give.completeReturn(driver, { custody: measured(5, 9) }),
      0,
      ['returned'],
    ],
  ],
  return_overdue: [
    [goingBack, give.returnOverdue(), dueMs - 1, []],
    [goingBack, give.returnOverdue(), dueMs, ['chain_broken']],
    [reached.returning, give.returnOverdue(), dueMs, []],
  ],
  pack: [
    [reached.accepted, give.pack({}, stranger), 0, 'order_not_found'],
    [reached.broadcast, give.pack(), 0, 'order_not_found'],
    [reached.picked_up, give.pack(), 0, 'order_state_conflict'],
    [reached.accepted, give.pack(), 0, ['parcel_packed']],
    [
      [...reached.accepted, packedAs([])],
      give.pack({ seal_number: 'S-1', packages: ['RX-1'] }),
      0,
      [],
    ],
    [reached.accepted, give.pack({ packages: [dated('700101')] }), 0, ['parcel_packed']],
    [reached.accepted, give.pack({ packages: [dated('691230')] }), 0, 'goods_refused'],
    [reached.accepted, give.pack({ packages: ['0109506000134353'] }), 0, 'goods_refused'],
  ],
  scan: [
    [controlled, give.scan('RX-1', stranger), 0, 'order_not_found'],
    [reached.accepted, give.scan('RX-1', vendor), 0, 'order_state_conflict'],
    [controlled, give.scan('RX-1'), 0, ['package_scanned']],
    [[...controlled, scanned], give.scan('RX-1'), 0, []],
    [controlled, give.scan('RX-2'), 0, 'goods_refused'],
    [controlled, give.scan(dated('700101')), 0, 'goods_refused'],
  ],
  name_agent: [
    [reached.accepted, give.nameAgent(undefined, driver), 0, 'order_not_found'],
    [reached.broadcast, give.nameAgent(), 0, 'order_state_conflict'],
    [reached.returning, give.nameAgent(), 0, 'order_state_conflict'],
    [reached.accepted, give.nameAgent(), 0, ['agent_named']],
    [[...reached.accepted, happened.agentNamed], give.nameAgent(), 0, []],
    [
      controlled,
      give.nameAgent({ name: 'DRIVER-0', relationship: 'other' }),
      0,
      'custody_evidence_refused',
    ],
    [
      [
        ...reached.accepted,
        ...Array.from({ length: custodyBounds.agentsMax }, (_, i) => ({
          ...happened.agentNamed,
          data: { ...happened.agentNamed.data, name: `Agent ${i}` },
        })),
      ],
      give.nameAgent(),
      0,
      'order_state_conflict',
    ],
  ],
  renew_code: [
    [atDoor, give.renewCode(1, driver), 0, 'order_not_found'],
    [reached.accepted, give.renewCode(), 0, 'order_state_conflict'],
    [atDoor, give.renewCode(), 0, ['code_renewed']],
    // A new code burns the one that the customer shows, so the pharmacy waits until it is of no use.
    [atDoor, give.renewCode(1, vendor), 0, 'order_state_conflict'],
    [[...atDoor, ...wrong.slice(1)], give.renewCode(1, admin), 0, 'order_state_conflict'],
    [[...atDoor, ...wrong], give.renewCode(1, vendor), 0, ['code_renewed']],
    [[...atDoor, happened.codeRenewed], give.renewCode(1, vendor), 0, []],
    [atDoor, give.renewCode(2), 0, 'order_state_conflict'],
    [[...atDoor, happened.codeRenewed], give.renewCode(), 0, []],
    [
      [
        ...atDoor,
        { ...happened.codeRenewed, data: { generation: custodyBounds.codeGenerationsMax } },
      ],
      give.renewCode(custodyBounds.codeGenerationsMax + 1),
      0,
      'custody_code_locked',
    ],
  ],
  report_break: [
    [controlled, give.reportBreak(undefined, customer), 0, 'order_not_found'],
    [reached.accepted, give.reportBreak(undefined, vendor), 0, 'order_state_conflict'],
    [controlled, give.reportBreak(), 0, ['chain_broken']],
    [[...controlled, lostScan], give.reportBreak(), 0, []],
    [[...coldAtDoor, seen], give.reportBreak({ kind: 'excursion' }), 0, []],
    [[...coldAtDoor, warmed(9)], give.reportBreak({ kind: 'excursion', celsius: 12 }), 0, []],
    [
      [...coldAtDoor, seen],
      give.reportBreak({ kind: 'excursion', celsius: 12 }),
      0,
      ['chain_broken'],
    ],
    [
      [...controlled, ...Array.from({ length: custodyBounds.breaksMax }, () => brokenAt('pickup'))],
      give.reportBreak(),
      0,
      'custody_unresolved',
    ],
  ],
  record_temperatures: [
    [coldAtDoor, give.recordTemperatures(5, 9, customer), 0, 'order_not_found'],
    [cold, give.recordTemperatures(5, 9), 0, 'order_state_conflict'],
    [reached.picked_up, give.recordTemperatures(5, 90), 0, []],
    [coldAtDoor, give.recordTemperatures(2, 8), 0, []],
    [coldAtDoor, give.recordTemperatures(5, 8.1), 0, ['chain_broken']],
    [coldAtDoor, give.recordTemperatures(1.9, 5, vendor), 0, ['chain_broken']],
    [[...coldAtDoor, warmed(9)], give.recordTemperatures(5, 12), 0, []],
    [[...coldAtDoor, warmed(9), goBack], give.recordTemperatures(5, 12), 0, []],
    // One that was only seen hides nothing that is measured, open or allowed.
    [[...coldAtDoor, seen], give.recordTemperatures(5, 12), 0, ['chain_broken']],
    [[...coldAtDoor, seen, goBack], give.recordTemperatures(5, 12), 0, []],
    [[...coldAtDoor, seen, happened.mended], give.recordTemperatures(5, 9), 0, ['chain_broken']],
    [[...coldAtDoor, seen, happened.mended], give.recordTemperatures(2, 8), 0, []],
    // What was allowed stays allowed; anything warmer, or cold, is a new excursion.
    [allowedWarm, give.recordTemperatures(5, 9), 0, []],
    [allowedWarm, give.recordTemperatures(5, 9.1), 0, ['chain_broken']],
    [allowedWarm, give.recordTemperatures(1, 9), 0, ['chain_broken']],
    [
      [...coldAtDoor, ...Array.from({ length: custodyBounds.breaksMax }, () => brokenAt('pickup'))],
      give.recordTemperatures(5, 9),
      0,
      'custody_unresolved',
    ],
    // Goods that are brought back are not kept from it.
    [
      [...coldBack, ...Array.from({ length: custodyBounds.breaksMax }, () => brokenAt('handover'))],
      give.recordTemperatures(5, 9),
      0,
      [],
    ],
    [
      [
        ...ordered(['prescription'], { prescription: { celsius: { min: 15, max: 25 } } }),
        assigned,
        pickedUp,
      ],
      give.recordTemperatures(20, 26),
      0,
      ['chain_broken'],
    ],
  ],
  mend: [
    [[...coldAtDoor, warmed(9)], give.mend({}, admin), 0, 'forbidden'],
    [[...coldAtDoor, warmed(9)], give.mend({}, vendor), 0, ['chain_mended']],
    [[...controlled, lostScan], give.mend({}, driver), 0, 'order_not_found'],
    [controlled, give.mend(), 0, 'not_found'],
    [[...controlled, lostScan], give.mend(), 0, ['chain_mended']],
    [[...controlled, lostScan], give.mend({}, admin), 0, ['chain_mended']],
    [[...controlled, lostScan, happened.mended], give.mend(), 0, []],
    [
      [...controlled, lostScan, happened.mended],
      give.mend({ outcome: 'return' }),
      0,
      'order_state_conflict',
    ],
  ],
}

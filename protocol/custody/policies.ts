/**
 * The policy of each class of goods: what a pick-up, a hand-over and a return need. A pharmacy may
 * add to a policy and never take away from it. Pure; `edge/custody/README.md` names the rules that they keep.
 *
 * Rejected: a policy that a pharmacy writes freely. A mistake in it would hand out controlled goods
 * to anybody, and nobody would see that it is a mistake.
 */
import Type from 'typebox'
import { oneOf } from '../kernel/schema.ts'
import { goodsClasses, type GoodsClass } from './classes.ts'
import { custodyBounds } from './limits.ts'

/** The moments at which the parcel changes hands. */
export const stages = ['pickup', 'handover', 'return'] as const
export type Stage = (typeof stages)[number]

/**
 * What a stage may need.
 *
 * | need | met by |
 * |---|---|
 * | seal_number | the number on the parcel, equal to the number of the seal |
 * | scans | a scan of every package at this stage |
 * | temperature | a measured temperature of the goods, within the range of the class |
 * | photo | an upload of the parcel at this stage |
 * | signature | a signature with the name and the relationship of the person who signs |
 * | code | the PIN or the signed QR that the customer shows |
 * | identity | a document that was looked at: its kind and the outcome |
 * | in_person | the parcel is not left at the door |
 * | named_agent | the person is the patient, or an agent who was named before, and never the driver |
 * | both_sides | the one who gives and the one who takes both act: nobody acts for the other |
 */
export const needs = [
  'seal_number',
  'scans',
  'temperature',
  'photo',
  'signature',
  'code',
  'identity',
  'in_person',
  'named_agent',
  'both_sides',
] as const
export type Need = (typeof needs)[number]

/** At a pick-up and at a return there is no customer. */
const withoutCustomer = ['seal_number', 'scans', 'temperature', 'photo', 'both_sides'] as const
const possible: Readonly<Record<Stage, readonly Need[]>> = {
  pickup: withoutCustomer,
  handover: needs.filter(need => need !== 'both_sides'),
  return: withoutCustomer,
}

export interface CelsiusRange {
  min: number
  max: number
}
/**
 * When the mean kinetic temperature speaks for goods that were too warm. It never lets a delivery go
 * on by itself: it is what the pharmacist sees who decides.
 */
export interface KineticRule {
  /** Highest mean kinetic temperature, °C. */
  kineticCelsius: number
  /** No reading may be warmer, °C. */
  warmestCelsius: number
  /** The last hours that it looks at, ms. */
  windowMs: number
}
const dayMs = 24 * 3_600_000
export type Policy = Readonly<Record<Stage, readonly Need[]>> & {
  /** Age in years that the receiver must have; null: any. */
  readonly minimumAge: number | null
  /** Minutes from a failed delivery until the parcel must be back; null: no limit. */
  readonly returnMinutes: number | null
  /** Range in which the goods are kept; null: none is asked for. */
  readonly celsius: CelsiusRange | null
  /** How a warm excursion is judged; null: by no rule. */
  readonly kinetic: KineticRule | null
}

const nothing: Policy = {
  pickup: [],
  handover: [],
  return: [],
  minimumAge: null,
  returnMinutes: null,
  celsius: null,
  kinetic: null,
}

/**
 * The temperatures are those of USP <659> and <1079.2>. Controlled cold: kept at 2 to 8 °C, warm up
 * to 15 °C, mean kinetic temperature at most 8 °C over 24 hours. Room temperature: mean kinetic
 * temperature at most 25 °C, no reading above 40 °C; a delivery is looked at for 24 hours.
 */
export const policies: Readonly<Record<GoodsClass, Policy>> = {
  plain: nothing,
  prescription: {
    ...nothing,
    handover: ['signature', 'in_person', 'named_agent'],
    returnMinutes: 24 * 60,
    kinetic: { kineticCelsius: 25, warmestCelsius: 40, windowMs: dayMs },
  },
  cold_chain: {
    pickup: ['seal_number', 'temperature'],
    handover: ['seal_number', 'temperature', 'in_person'],
    return: ['seal_number', 'temperature'],
    minimumAge: null,
    returnMinutes: 2 * 60,
    celsius: { min: 2, max: 8 },
    kinetic: { kineticCelsius: 8, warmestCelsius: 15, windowMs: dayMs },
  },
  controlled: {
    pickup: ['seal_number', 'scans', 'both_sides'],
    handover: ['seal_number', 'signature', 'code', 'identity', 'in_person', 'named_agent'],
    return: ['seal_number', 'scans', 'both_sides'],
    minimumAge: null,
    returnMinutes: 4 * 60,
    celsius: null,
    kinetic: null,
  },
  age_restricted: {
    ...nothing,
    handover: ['identity', 'in_person'],
    minimumAge: 18,
    returnMinutes: 24 * 60,
  },
}

const limitsOfAdditions = { ageMin: 12, ageMax: 25, returnMinutesMax: 7 * 24 * 60 } as const
const listOf = (stage: Stage) =>
  Type.Optional(
    Type.Array(oneOf(possible[stage]), { uniqueItems: true, maxItems: possible[stage].length }),
  )
const Celsius = Type.Number({
  minimum: custodyBounds.celsiusMin,
  maximum: custodyBounds.celsiusMax,
})
const Addition = Type.Object(
  {
    pickup: listOf('pickup'),
    handover: listOf('handover'),
    return: listOf('return'),
    minimum_age: Type.Optional(
      Type.Integer({ minimum: limitsOfAdditions.ageMin, maximum: limitsOfAdditions.ageMax }),
    ),
    return_minutes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limitsOfAdditions.returnMinutesMax }),
    ),
    celsius: Type.Optional(
      Type.Object(
        { min: Celsius, max: Celsius },
        { additionalProperties: false, description: 'The range in which the goods are kept' },
      ),
    ),
  },
  { additionalProperties: false },
)
/** What a pharmacy adds, by class. An addition to `plain` counts for every order. */
export const CustodyAdditions = Type.Object(
  Object.fromEntries(goodsClasses.map(name => [name, Type.Optional(Addition)])) as {
    [Class in GoodsClass]: Type.TOptional<typeof Addition>
  },
  { additionalProperties: false },
)
export type CustodyAdditions = Type.Static<typeof CustodyAdditions>

const together = (a: readonly Need[], b: readonly Need[] | undefined): readonly Need[] =>
  needs.filter(need => a.includes(need) || b?.includes(need) === true)
const strictest = (
  choose: (...values: number[]) => number,
  ...values: (number | null | undefined)[]
): number | null => {
  const known = values.filter(value => value !== null && value !== undefined)
  return known.length === 0 ? null : choose(...known)
}
/** Of two ranges without a common temperature the colder one: those goods need the fridge. */
function narrower(a: CelsiusRange | null, b: CelsiusRange | null): CelsiusRange | null {
  if (a === null || b === null) return a ?? b
  const both = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) }
  return both.min < both.max ? both : a.max <= b.max ? a : b
}
const stricter = (a: KineticRule | null, b: KineticRule | null): KineticRule | null =>
  a === null || b === null
    ? (a ?? b)
    : {
        kineticCelsius: Math.min(a.kineticCelsius, b.kineticCelsius),
        warmestCelsius: Math.min(a.warmestCelsius, b.warmestCelsius),
        windowMs: Math.min(a.windowMs, b.windowMs),
      }

/** The classes for which an addition leaves no temperature at all. */
export const withoutTemperature = (additions: CustodyAdditions): GoodsClass[] =>
  goodsClasses.filter(name => {
    const added = additions[name]?.celsius
    const own = policies[name].celsius
    return (
      added !== undefined &&
      Math.max(added.min, own?.min ?? added.min) >= Math.min(added.max, own?.max ?? added.max)
    )
  })

/** The policy of goods of these classes at a pharmacy: everything that any of them needs. */
export function policyOf(
  classes: readonly GoodsClass[],
  additions: CustodyAdditions | null = null,
): Policy {
  let all = nothing
  for (const name of new Set<GoodsClass>(['plain', ...classes])) {
    const own = policies[name]
    const added = additions?.[name]
    const age = strictest(Math.max, all.minimumAge, own.minimumAge, added?.minimum_age)
    all = {
      pickup: together(together(all.pickup, own.pickup), added?.pickup),
      handover: together(together(all.handover, own.handover), added?.handover),
      return: together(together(all.return, own.return), added?.return),
      minimumAge: age,
      returnMinutes: strictest(
        Math.min,
        all.returnMinutes,
        own.returnMinutes,
        added?.return_minutes,
      ),
      celsius: narrower(narrower(all.celsius, own.celsius), added?.celsius ?? null),
      kinetic: stricter(all.kinetic, own.kinetic),
    }
  }
  // An age is read from a document.
  return all.minimumAge === null
    ? all
    : { ...all, handover: together(all.handover, ['identity', 'in_person']) }
}

/** Does the policy ask for nothing at all? */
export const asksNothing = (policy: Policy): boolean =>
  stages.every(stage => policy[stage].length === 0) &&
  policy.minimumAge === null &&
  policy.returnMinutes === null &&
  policy.celsius === null

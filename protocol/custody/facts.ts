/** The parts of the events of custody, and of the view of an order that shows its custody. */
import Type from 'typebox'
import { nullable, oneOf, Text, Timestamp } from '../kernel/schema.ts'
import { goodsClasses } from './classes.ts'
import { Agent } from './evidence.ts'
import { needs, stages } from './policies.ts'
import { kineticVerdicts } from './temperatures.ts'

export const StageName = oneOf(stages)

/** A package as the pharmacy dispensed it. `label`: a code that is no GS1 element string. */
export const PackageFact = Type.Object({
  gtin: nullable(Text),
  batch: nullable(Text),
  expiry: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
    description: 'The last day on which it may be used',
  }),
  serial: nullable(Text),
  label: nullable(Text),
})
export type PackageFact = Type.Static<typeof PackageFact>

/**
 * Ways in which a chain breaks.
 *
 * | kind | what happened |
 * |---|---|
 * | other_seal | the parcel has another seal than the one it got |
 * | missing_scan | the code of a package cannot be scanned |
 * | damaged | the parcel or its seal is damaged |
 * | excursion | the goods were too warm or too cold |
 * | late_return | the parcel was not back in time |
 */
export const breakKinds = [
  'other_seal',
  'missing_scan',
  'damaged',
  'excursion',
  'late_return',
] as const
export type BreakKind = (typeof breakKinds)[number]
/** `continue`: it may be handed over all the same. `return`: it must go back. */
export const breakOutcomes = ['continue', 'return'] as const
export type BreakOutcome = (typeof breakOutcomes)[number]

const needList = Type.Array(oneOf(needs))
/** The custody of an order as its parties see it. */
export const OrderCustodyView = Type.Object({
  classes: Type.Array(oneOf(goodsClasses)),
  needs: Type.Object(
    { pickup: needList, handover: needList, return: needList },
    { description: 'What each stage needs, by the policy of the classes and of the pharmacy' },
  ),
  minimum_age: nullable(Type.Integer()),
  celsius: nullable(Type.Object({ min: Type.Number(), max: Type.Number() })),
  return_by: nullable(Timestamp),
  packed: Type.Boolean(),
  sealed: Type.Boolean(),
  packages: Type.Integer({ description: 'Number of packages that the pharmacy dispensed' }),
  scanned: Type.Object(
    { pickup: Type.Integer(), handover: Type.Integer(), return: Type.Integer() },
    { description: 'Number of packages that were scanned at each stage' },
  ),
  agents: Type.Array(Agent),
  code: Type.Object({
    generation: Type.Integer(),
    tries_left: Type.Integer({ description: 'Wrong codes that may still be given' }),
  }),
  breaks: Type.Array(
    Type.Object({
      number: Type.Integer({ minimum: 1 }),
      kind: oneOf(breakKinds),
      stage: StageName,
      opened_at: Timestamp,
      outcome: Type.Union([oneOf(breakOutcomes), Type.Null()], {
        description: 'Null until somebody of the pharmacy has decided',
      }),
      celsius: Type.Optional(
        Type.Number({ description: 'Of an excursion: the temperature that was measured' }),
      ),
      verdict: Type.Optional(
        oneOf(kineticVerdicts, {
          description: 'Of an excursion: what the mean kinetic temperature says',
        }),
      ),
    }),
  ),
})
export type OrderCustodyView = Type.Static<typeof OrderCustodyView>

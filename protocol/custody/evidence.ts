/**
 * What somebody reports at a pick-up, a hand-over or a return: the evidence that the policy of the
 * goods needs. The number of an identity document has no field, so it cannot be kept.
 */
import Type from 'typebox'
import { limits } from '../kernel/limits.ts'
import { AtMs, oneOf } from '../kernel/schema.ts'
import { custodyBounds } from './limits.ts'
import { identityDocuments, identityOutcomes, relationships } from './people.ts'
import { TemperatureSummary } from './temperatures.ts'

const name = Type.String({ minLength: 1, maxLength: limits.nameCharactersMax })
/** The number on the seal of the parcel. */
export const SealNumber = Type.String({
  minLength: 1,
  maxLength: custodyBounds.sealCharactersMax,
  pattern: String.raw`^[\x21-\x7e]+$`,
  'x-rule': 'must be letters, digits and signs without spaces',
})

export const Receiver = Type.Object(
  { name, relationship: oneOf(relationships) },
  {
    additionalProperties: false,
    description: 'Who takes the parcel; an agent by the name that was named before',
  },
)
/** Somebody who may take the parcel for the patient. */
export const Agent = Type.Object(
  { name, relationship: oneOf(relationships.filter(one => one !== 'patient')) },
  { additionalProperties: false },
)
export type Agent = Type.Static<typeof Agent>

/** `code` says what the edge found: the key of the codes is with the edges alone. */
export const CodeShown = Type.Object(
  {
    method: oneOf(['pin', 'qr']),
    right: Type.Boolean(),
    assignment_id: Type.String({
      description: 'The assignment of the driver to whom it was shown',
    }),
    generation: Type.Integer({ minimum: 0, description: 'Number of the code' }),
  },
  { additionalProperties: false },
)

const given = {
  happened_at_ms: Type.Optional(AtMs),
  seal_number: Type.Optional(SealNumber),
  temperature_celsius: Type.Optional(
    Type.Number({ minimum: custodyBounds.celsiusMin, maximum: custodyBounds.celsiusMax }),
  ),
  receiver: Type.Optional(Receiver),
  identity: Type.Optional(
    Type.Object(
      { document: oneOf(identityDocuments), outcome: oneOf(identityOutcomes) },
      { additionalProperties: false, description: 'The kind of the document and the outcome' },
    ),
  ),
  age_at_least: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 120, description: 'Years, by the document' }),
  ),
  left_at_door: Type.Optional(Type.Boolean()),
  no_signature_reason: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: limits.textCharactersMax,
      description: 'Instead of a signature, with a document that was looked at',
    }),
  ),
}
/** As commands take it. */
export const Evidence = Type.Object(
  {
    ...given,
    code: Type.Optional(CodeShown),
    temperatures: Type.Optional(TemperatureSummary),
  },
  {
    additionalProperties: false,
    description: 'What the policy of the goods needs; `happened_at_ms` when it is handed in late',
  },
)
export type Evidence = Type.Static<typeof Evidence>

/** As events tell it. */
export const EvidenceFact = Type.Object(
  {
    ...given,
    code_method: Type.Optional(CodeShown.properties.method),
    temperatures: Type.Optional(TemperatureSummary),
    photo_url: Type.Optional(Type.String()),
  },
  { description: 'The evidence of custody; absent when none was given' },
)
export type EvidenceFact = Type.Static<typeof EvidenceFact>

/** The evidence without what only proves that a code was shown; null when nothing is left. */
export function factOf(
  evidence: Evidence | undefined,
  photoUrl: string | null,
): EvidenceFact | null {
  const { code, ...rest } = evidence ?? {}
  const fact: EvidenceFact = {
    ...rest,
    ...(code !== undefined && { code_method: code.method }),
    ...(photoUrl !== null && { photo_url: photoUrl }),
  }
  return Object.keys(fact).length === 0 ? null : fact
}

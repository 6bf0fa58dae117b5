/** Commands for the custody of an order's parcel: one row a verb. */
import Type from 'typebox'
import { GoodsClasses } from '../custody/classes.ts'
import { Agent, SealNumber } from '../custody/evidence.ts'
import { breakOutcomes } from '../custody/facts.ts'
import { custodyBounds } from '../custody/limits.ts'
import { TemperatureSummary } from '../custody/temperatures.ts'
import { limits } from '../kernel/limits.ts'
import { oneOf } from '../kernel/schema.ts'
import { command, text } from './command.ts'

const ScannedCode = Type.String({
  minLength: 1,
  maxLength: custodyBounds.codeCharactersMax,
  description:
    'As the scanner reads it: a GS1 element string with its separators, or any other label',
})

export const custodyCommands = {
  pack: command(
    'The pharmacy has dispensed, packed and sealed the goods.',
    Type.Object(
      {
        goods_classes: Type.Optional(GoodsClasses),
        seal_number: Type.Optional(SealNumber),
        packages: Type.Array(ScannedCode, { maxItems: custodyBounds.packagesMax }),
      },
      { additionalProperties: false },
    ),
    { goods_classes: ['controlled'], seal_number: 'S-1042', packages: ['RX-77-1'] },
  ),
  scan: command(
    'A package is scanned by whoever has it or takes it.',
    Type.Object({ code: ScannedCode }, { additionalProperties: false }),
    { code: 'RX-77-1' },
  ),
  name_agent: command('Somebody may take the parcel for the patient.', Agent, {
    name: 'Jane Doe',
    relationship: 'family',
  }),
  renew_code: command(
    'A new code for the door; the one before opens nothing any more.',
    Type.Object(
      {
        generation: Type.Integer({
          minimum: 1,
          description: 'Number of the new code: one more than that of the code before',
        }),
      },
      { additionalProperties: false },
    ),
    { generation: 1 },
  ),
  report_break: command(
    'The chain of custody broke.',
    Type.Object(
      {
        kind: oneOf(['missing_scan', 'damaged', 'excursion']),
        note: Type.Optional(text()),
        celsius: Type.Optional(
          Type.Number({ minimum: custodyBounds.celsiusMin, maximum: custodyBounds.celsiusMax }),
        ),
      },
      { additionalProperties: false },
    ),
    { kind: 'missing_scan', note: 'the label is wet' },
  ),
  record_temperatures: command(
    'The readings of thermometers while the parcel is on its way; out of range they break the chain.',
    TemperatureSummary,
    {
      devices: [{ device: 'LOG-7', calibrated_on: '2026-03-01' }],
      readings: 12,
      from_ms: 1_790_000_000_000,
      to_ms: 1_790_000_660_000,
      min_celsius: 4.1,
      max_celsius: 9.3,
      kinetic_celsius: 5.8,
      verdict: 'within',
    },
  ),
  mend: command(
    'The pharmacy decides upon a break of the chain.',
    Type.Object(
      {
        number: Type.Integer({ minimum: 1, maximum: custodyBounds.breaksMax }),
        outcome: oneOf(breakOutcomes),
        reason: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }),
      },
      { additionalProperties: false },
    ),
    { number: 1, outcome: 'continue', reason: 'resealed at the counter' },
  ),
} as const

/** Events of the custody of an order's parcel: one row a type. */
import Type from 'typebox'
import { GoodsClasses } from '../custody/classes.ts'
import { Agent } from '../custody/evidence.ts'
import { breakKinds, breakOutcomes, PackageFact, StageName } from '../custody/facts.ts'
import { TemperatureSummary } from '../custody/temperatures.ts'
import { nullable, oneOf, Text } from '../kernel/schema.ts'
import { orderFact } from './event-row.ts'

const Number = Type.Integer({ minimum: 1, description: 'Of the break among those of the order' })

export const custodyEvents = {
  parcel_packed: orderFact(
    'order.packed',
    'The pharmacy has dispensed, packed and sealed the goods. The last one counts.',
    Type.Object({
      classes: GoodsClasses,
      seal_number: nullable(Text),
      packages: Type.Array(PackageFact),
    }),
    {
      classes: ['controlled'],
      seal_number: 'S-1042',
      packages: [
        { gtin: '09506000134352', batch: 'B1', expiry: '2027-03-31', serial: '77', label: null },
      ],
    },
  ),
  package_scanned: orderFact(
    'order.package_scanned',
    'A package was scanned, and it is one that was dispensed.',
    Type.Object({
      stage: StageName,
      place: Type.Integer({ minimum: 0, description: 'Among the packages, from 0' }),
    }),
    { stage: 'pickup', place: 0 },
  ),
  agent_named: orderFact(
    'order.agent_named',
    'Somebody who may take the parcel for the patient.',
    Agent,
    { name: 'Jane Doe', relationship: 'family' },
  ),
  code_refused: orderFact(
    'order.code_refused',
    'The driver gave a wrong code at the door.',
    Type.Object({ generation: Type.Integer(), method: oneOf(['pin', 'qr']) }),
    { generation: 0, method: 'pin' },
  ),
  code_renewed: orderFact(
    'order.code_renewed',
    'The customer has a new code; the one before opens nothing any more.',
    Type.Object({ generation: Type.Integer({ minimum: 1 }) }),
    { generation: 1 },
  ),
  chain_broken: orderFact(
    'order.chain_broken',
    'The chain of custody broke. Somebody of the pharmacy must resolve it.',
    Type.Object({
      number: Number,
      kind: oneOf(breakKinds),
      stage: StageName,
      note: nullable(Text),
      found_seal: nullable(Text),
      celsius: Type.Union([Type.Number(), Type.Null()], {
        description: 'The temperature that was measured, of an excursion',
      }),
      temperature: Type.Optional(TemperatureSummary),
    }),
    {
      number: 1,
      kind: 'other_seal',
      stage: 'pickup',
      note: null,
      found_seal: 'S-9',
      celsius: null,
    },
  ),
  chain_mended: orderFact(
    'order.chain_mended',
    'The pharmacy has decided upon a break of the chain.',
    Type.Object({ number: Number, outcome: oneOf(breakOutcomes), reason: Text }),
    { number: 1, outcome: 'continue', reason: 'resealed at the counter' },
  ),
} as const

/** Messages of custody between a driver's app and the edge. */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'
import { Code, Echo, heard, MessageId, said } from '../kernel/messages.ts'
import { Uuid } from '../kernel/principal.ts'
import { Text, Timestamp } from '../kernel/schema.ts'
import { custodyBounds } from './limits.ts'
import { CalibratedOn, DeviceName } from './temperatures.ts'

export const custodyMessages = {
  temperatures: said(
    ['driver'],
    'What a thermometer measured while the driver has the parcel, in degrees Celsius; answered by `temperatures_result`. Readings that come again count once.',
    Type.Object(
      {
        type: Type.Literal('temperatures'),
        order_id: Uuid,
        device: DeviceName,
        calibrated_on: CalibratedOn,
        readings: Type.Array(
          Type.Object({ at: Timestamp, celsius: Type.Number() }, { additionalProperties: false }),
          { minItems: 1, maxItems: custodyBounds.readingsPerMessageMax },
        ),
        id: MessageId,
      },
      { additionalProperties: false },
    ),
    {
      type: 'temperatures',
      order_id: ids.order,
      device: 'LOG-7',
      calibrated_on: '2026-03-01',
      readings: [{ at: '2026-10-01T10:00:00.000Z', celsius: 5.2 }],
      id: '10',
    },
  ),

  temperatures_result: heard(
    ['driver'],
    'What became of readings. With `open_break` nothing is handed over until the pharmacy has decided.',
    Type.Object({
      type: Type.Literal('temperatures_result'),
      order_id: Uuid,
      outcome: Type.Union([Type.Literal('stored'), Type.Literal('error')]),
      stored: Type.Optional(Type.Integer({ description: 'Readings that were not known before' })),
      open_break: Type.Optional(Type.Integer({ description: 'Number of the excursion' })),
      id: Echo,
      code: Type.Optional(Code),
      message: Type.Optional(Text),
      fields: Type.Optional(Type.Array(Type.Object({ field: Text, rule: Text }))),
    }),
    { type: 'temperatures_result', order_id: ids.order, outcome: 'stored', stored: 1, id: '10' },
  ),
}

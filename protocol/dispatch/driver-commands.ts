/**
 * Commands of a driver: one row a verb, with its purpose, the schema of its data and an example.
 */
import Type from 'typebox'
import { availabilities } from '../drivers/statuses.ts'
import { VehicleType } from '../drivers/vehicles.ts'
import { ids } from '../kernel/examples.ts'
import { limits } from '../kernel/limits.ts'
import { Uuid } from '../kernel/principal.ts'
import { oneOf } from '../kernel/schema.ts'
import { command, text } from './command.ts'

export const driverCommands = {
  register: command(
    "A driver joins a pharmacy's fleet.",
    Type.Object(
      {
        vendor_id: Uuid,
        full_name: text(limits.nameCharactersMax),
        phone: text(40),
        vehicle_type: VehicleType,
        capacity: Type.Integer({ minimum: 1, maximum: limits.driverCapacityMax }),
        /** Without it the driver belongs to the pharmacy at once. */
        membership: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('active')])),
      },
      { additionalProperties: false },
    ),
    {
      vendor_id: ids.pharmacy,
      full_name: 'Dora',
      phone: '+9779800000001',
      vehicle_type: 'bike',
      capacity: 1,
    },
  ),
  /** The pharmacy accepts a driver who asked to join or who belonged to it before. */
  approve_membership: command(
    'The pharmacy takes a driver who asked.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  /**
   * The pharmacy refuses the driver or ends the membership. Parcels under way stay with the driver.
   */
  end_membership: command(
    'The pharmacy refuses a driver or parts with them.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  /** A driver whose membership ended asks to join again. */
  ask_membership: command(
    'A driver asks to belong to the pharmacy again.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  /** Fields of the profile, which the edge keeps. Orders under way show them. */
  update: command(
    'The driver has another name, phone or vehicle.',
    Type.Object(
      {
        full_name: Type.Optional(text(limits.nameCharactersMax)),
        phone: Type.Optional(text(40)),
        vehicle_type: Type.Optional(VehicleType),
      },
      { additionalProperties: false },
    ),
    { phone: '+9779800000002' },
  ),
  set_status: command(
    'On duty, on a break, or off.',
    Type.Object(
      {
        status: oneOf(availabilities),
      },
      { additionalProperties: false },
    ),
    { status: 'available' },
  ),
} as const

/** A row in the tables of events, and the people and places of their examples. */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'

/** `description`: what the event says, in a sentence; `data`: its shape. */
export const fact = <T extends Type.TSchema>(
  description: string,
  data: T,
  example: Type.Static<T>,
) => ({ description, data, example })

/** `publicName`: the name of the event in webhooks. */
export const orderFact = <T extends Type.TSchema>(
  publicName: `order.${string}`,
  description: string,
  data: T,
  example: Type.Static<T>,
) => ({ publicName, ...fact(description, data, example) })

export const pharmacy = {
  vendor_id: ids.pharmacy,
  name: 'City Pharmacy',
  phone: '+9779800000000',
  latitude: 27.71,
  longitude: 85.33,
  address: '1 Main St',
  proof_required: true,
}
export const dora = {
  driver_id: ids.driver,
  name: 'Dora',
  phone: '+9779800000001',
  vehicle_type: 'bike',
}
export const home = { latitude: 27.7172, longitude: 85.324, address: '456 Home Ave' }

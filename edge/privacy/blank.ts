/**
 * Empties what an order, an event or an appointment says of its customer. Times, statuses, amounts,
 * distances and ids stay, so that figures and money stay whole. Every result still fits its schema,
 * also that of older versions, because the fields keep their names and their kinds. Pure.
 */
import { givenNames } from '../../protocol/orders/fields.ts'

type Json = Readonly<Record<string, unknown>>

/** The empty value of each field that is about a customer, wherever it stands. */
const blanks: Json = {
  customer_name: '',
  customer_phone: '',
  delivery_address: null,
  items: [],
  text_message: null,
  note: null,
  ...Object.fromEntries(givenNames.map(name => [name, null])),
}
/** In place of a text that may not be empty. */
const erased = '-'
/** Codes and not texts. */
const reasonCodes = new Set(['deadline', 'no_pharmacy_in_radius'])

/** A place to about a hundred kilometres: it stays in its region and shows no door. */
const coarse = (degrees: number): number => Math.round(degrees)

/** The value without what it says of the customer. */
export function blanked<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(blanked) as Value
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  // Who has a relationship to the patient took the parcel, or may take it.
  const isPerson = 'relationship' in value
  for (const [name, field] of Object.entries(value))
    result[name] =
      name === 'dropoff'
        ? blankedPlace(field)
        : name === 'delivery_latitude' || name === 'delivery_longitude'
          ? coarse(field as number)
          : name === 'reason' && typeof field === 'string' && !reasonCodes.has(field)
            ? ''
            : (name === 'name' && isPerson) || name === 'no_signature_reason'
              ? erased
              : (name === 'packages' || name === 'classes') && Array.isArray(field)
                ? []
                : Object.hasOwn(blanks, name) && field !== undefined
                  ? blanks[name]
                  : blanked(field)
  return result as Value
}

function blankedPlace(place: unknown): unknown {
  if (typeof place !== 'object' || place === null) return place
  const { latitude, longitude } = place as { latitude: number; longitude: number }
  return { ...place, latitude: coarse(latitude), longitude: coarse(longitude), address: null }
}

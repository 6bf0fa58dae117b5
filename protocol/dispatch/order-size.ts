/**
 * Bounds the text of one order. It is stored, published and pushed to every asked pharmacy, so its
 * bytes are multiplied by thousands. Edges refuse a larger order at their boundary. Engines check
 * again, for other services on the bus.
 */
import { CaduceusError, type FieldError } from '../kernel/errors.ts'
import { givenNames } from '../orders/fields.ts'
import type { OrderCommandData } from './commands.ts'

/**
 * Bytes of all texts of an order together. Fifty items with long names, an address and full notes
 * fit, in any one script.
 */
export const orderTextBytesMax = 16 * 1024

/**
 * The fields of a new order with text of the customer. The other fields are numbers and ids, whose
 * size the schemas bound.
 */
const textFields = [
  'items',
  ...givenNames,
  'customer_name',
  'customer_phone',
  'delivery_address',
  'pickup_address',
] as const
export type OrderTexts = Partial<
  Pick<OrderCommandData['broadcast'] & OrderCommandData['create'], (typeof textFields)[number]>
>

/** Bytes as JSON in UTF-8, the form that sockets get. msgpack on the bus takes less. */
const bytesOf = (value: unknown): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value))

/** Bytes of the order's texts, to compare with `orderTextBytesMax`. */
export const orderTextBytes = (data: OrderTexts): number =>
  textFields.reduce((sum, field) => sum + bytesOf(data[field]), 0)

/** UTF-8 takes at most three bytes per unit of UTF-16, and an escape of JSON takes six. */
const bytesPerUnitMax = 6
const itemOverheadBytes = 40

/**
 * Throws `invalid_request` that names the longest field when the order's texts together exceed
 * `orderTextBytesMax`.
 */
export function checkOrderSize(data: OrderTexts, at = ''): void {
  if (unitsOf(data) * bytesPerUnitMax <= orderTextBytesMax) return
  const bytes = orderTextBytes(data)
  if (bytes <= orderTextBytesMax) return
  const sizes = textFields.map(field => ({ field, bytes: bytesOf(data[field]) }))
  const longest = sizes.reduce((a, b) => (b.bytes > a.bytes ? b : a))
  const problem: FieldError = {
    field: at + longest.field,
    rule: `takes ${longest.bytes} of the ${orderTextBytesMax} bytes that items, notes, names and addresses of an order may have together as JSON in UTF-8; they have ${bytes}`,
  }
  throw new CaduceusError('invalid_request', `${problem.field} ${problem.rule}`, [problem])
}

/** A list or a number is encoded; few orders have one. */
const unitsOfGiven = (value: unknown): number =>
  typeof value === 'string' ? value.length : bytesOf(value)

/** An upper bound without encoding. Most orders are far below the limit and need no exact count. */
function unitsOf({
  items = [],
  customer_name,
  customer_phone,
  delivery_address,
  pickup_address,
  ...given
}: OrderTexts): number {
  let units = items.length * itemOverheadBytes
  for (const { name } of items) units += name.length
  for (const name of givenNames) units += unitsOfGiven(given[name]) + 2
  for (const text of [customer_name, customer_phone, delivery_address, pickup_address])
    units += (text?.length ?? 0) + 2
  return units
}

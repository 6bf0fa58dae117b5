/**
 * How much text one order may bring: it is stored, published and pushed to every pharmacy that is asked,
 * so its bytes are multiplied by thousands. Edges refuse what is more at their boundary, and engines
 * refuse it once more, for other services on the bus.
 */
import { CaduceusError, type FieldError } from '../kernel/errors.ts'
import type { OrderCommandData } from './commands.ts'

/** Of all texts of an order together. Fifty items with long names, an address and full notes in any one script fit. */
export const orderTextBytesMax = 16 * 1024

/** What of a new order is text of whoever orders. The rest is numbers and ids, whose size the schemas know. */
const textFields = [
  'items',
  'notes',
  'customer_name',
  'customer_phone',
  'delivery_address',
  'pickup_address',
  'prescription_url',
] as const
export type OrderTexts = Partial<
  Pick<OrderCommandData['broadcast'] & OrderCommandData['create'], (typeof textFields)[number]>
>

/** As JSON in UTF-8: what a socket is sent. msgpack on the bus takes less. */
const bytesOf = (value: unknown): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value))

/** What the order's texts take of `orderTextBytesMax`. */
export const orderTextBytes = (data: OrderTexts): number =>
  textFields.reduce((sum, field) => sum + bytesOf(data[field]), 0)

/** UTF-8 takes three bytes for a unit of UTF-16 at the most, and JSON's escapes six. */
const bytesPerUnitMax = 6
const itemOverheadBytes = 40

/** Throws `invalid_request` that names the longest field, when the order's texts have more than `orderTextBytesMax` bytes together. */
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

/** Most orders are far from the bound, and are not written out to see that. */
function unitsOf({
  items = [],
  notes,
  customer_name,
  customer_phone,
  delivery_address,
  pickup_address,
  prescription_url,
}: OrderTexts): number {
  let units = items.length * itemOverheadBytes
  for (const { name } of items) units += name.length
  for (const text of [
    notes,
    customer_name,
    customer_phone,
    delivery_address,
    pickup_address,
    prescription_url,
  ])
    units += (text?.length ?? 0) + 2
  return units
}

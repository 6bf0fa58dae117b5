/**
 * The text of one order is bounded. It is counted in bytes as it is sent, and the error names the
 * longest field.
 */
import t from 'tap'
import type { CaduceusError } from '../kernel/errors.ts'
import { checkOrderSize, orderTextBytesMax } from './order-size.ts'

const refused = (data: object, at?: string): string | null => {
  try {
    checkOrderSize(data, at)
  } catch (error) {
    const { code, fields } = error as CaduceusError
    t.equal(code, 'invalid_request')
    return `${fields![0]!.field} ${/takes (\d+) .* they have (\d+)/.exec(fields![0]!.rule)!.slice(1).join(' of ')}`
  }
  return null
}
const text = (bytes: number): string => 'x'.repeat(bytes - 2)

t.test('the bytes of all texts are bounded, and the error names the longest field', async t => {
  const most = orderTextBytesMax
  for (const field of [
    'notes',
    'customer_name',
    'customer_phone',
    'delivery_address',
    'pickup_address',
    'prescription_url',
  ]) {
    t.equal(refused({ [field]: text(most) }), null, field)
    t.equal(refused({ [field]: text(most + 1) }), `${field} ${most + 1} of ${most + 1}`)
  }
  t.equal(refused({ notes: text(most / 2), delivery_address: text(most / 2) }), null)
  t.equal(
    refused({ notes: text(most / 2), delivery_address: text(most / 2 + 1) }, 'data.'),
    `data.delivery_address ${most / 2 + 1} of ${most + 1}`,
  )
  t.equal(refused({ notes: '€'.repeat(most / 4) }), null)
  t.equal(
    refused({ notes: '€'.repeat(most / 3) }),
    `notes ${Math.floor(most / 3) * 3 + 2} of ${Math.floor(most / 3) * 3 + 2}`,
  )
  t.equal(
    refused({ notes: '\u0001'.repeat(most / 6 + 1) }),
    `notes ${Math.floor(most / 6 + 1) * 6 + 2} of ${Math.floor(most / 6 + 1) * 6 + 2}`,
    'the escapes of JSON count',
  )
  t.equal(refused({}), null)
  const items = (count: number, length: number): object => ({
    items: Array.from({ length: count }, () => ({ name: 'y'.repeat(length), quantity: 1 })),
  })
  t.equal(refused(items(50, 200)), null)
  t.match(refused(items(50, 400)), /^items /)
  t.match(refused({ ...items(50, 120), notes: '€'.repeat(3_500) }), /^notes /)
})

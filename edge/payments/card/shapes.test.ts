/**
 * The double of Stripe answers with the shapes of Stripe's own examples: every field of an object is
 * there, has the example's type or is null, and there is no other field.
 */
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { assetUrl } from '../../../protocol/kernel/assets.ts'
import { StripeDouble } from './fixture-stripe.ts'

const { resources } = JSON.parse(
  readFileSync(assetUrl('edge/payments/card/fixture-stripe.json'), 'utf8'),
) as { resources: Record<string, Record<string, unknown>> }
const double = new StripeDouble()
const url = await double.start()
t.teardown(() => double.stop())

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

function fits(t: Test, name: string, object: Record<string, unknown>): void {
  const example = resources[name]!
  t.same(Object.keys(object).sort(), Object.keys(example).sort(), `${name} has the same fields`)
  for (const [field, value] of Object.entries(object))
    if (value !== null && example[field] !== null)
      t.equal(typeOf(value), typeOf(example[field]), `${name}.${field}`)
}

async function ask(method: string, path: string, fields: Record<string, string> = {}) {
  const answer = await fetch(new URL(path, url), {
    method,
    ...(method === 'POST' && { body: new URLSearchParams(fields) }),
  })
  return (await answer.json()) as any
}
const create = (more: Record<string, string> = {}) =>
  ask('POST', '/v1/payment_intents', { amount: '500', currency: 'usd', ...more })

t.test('a payment in each of its states', async t => {
  fits(t, 'payment_intent', await create())
  const declined = await create({ payment_method: 'pm_card_chargeDeclined' })
  fits(t, 'payment_intent', declined.error.payment_intent)
  const { id } = await create({ payment_method: 'pm_card_visa' })
  const authorised = await ask('GET', `/v1/payment_intents/${id}`)
  t.equal(authorised.status, 'requires_capture')
  fits(t, 'payment_intent', authorised)
  fits(t, 'charge', authorised.latest_charge)
  fits(
    t,
    'payment_intent',
    await ask('POST', `/v1/payment_intents/${id}/capture`, { amount_to_capture: '500' }),
  )
  const refund = await ask('POST', '/v1/refunds', { payment_intent: id, amount: '100' })
  fits(t, 'refund', refund)
  fits(t, 'refund', (await ask('GET', `/v1/refunds?payment_intent=${id}`)).data[0])
  const other = await create({ payment_method: 'pm_card_visa' })
  fits(t, 'payment_intent', await ask('POST', `/v1/payment_intents/${other.id}/cancel`))
})

t.test('every message', async t => {
  t.ok(double.messages.length >= 6)
  for (const payload of double.messages) {
    const message = JSON.parse(payload)
    fits(t, 'event', message)
    fits(t, message.data.object.object, message.data.object)
  }
})

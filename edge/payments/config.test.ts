/** The keys of Stripe: all of one account, never of two modes, and never sent elsewhere. */
import t from 'tap'
import { readPaymentsConfig } from './config.ts'

const keys = {
  PAYMENT_METHODS: 'cash, card',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
}
const read = (more: object, currency = 'USD') =>
  readPaymentsConfig({ ...keys, ...more }, { currency })

t.test('keys of one account and mode are taken', async t => {
  t.match(read({}), {
    paymentMethods: ['cash', 'card'],
    stripe: { secretKey: 'sk_test_1', url: null },
  })
  t.equal(read({ STRIPE_URL: 'http://127.0.0.1:1' }).stripe?.url?.port, '1')
  t.ok(read({ PAYMENT_METHODS: 'cash' }).stripe, 'for the payments that are under way')
  t.equal(readPaymentsConfig({ PAYMENT_METHODS: 'cash' }, { currency: 'USD' }).stripe, null)
})

for (const [name, more, currency] of [
  ['a missing key', { STRIPE_SECRET_KEY: undefined }, 'USD'],
  ['a key of another kind', { STRIPE_SECRET_KEY: 'pk_test_1' }, 'USD'],
  ['keys of two modes', { STRIPE_PUBLISHABLE_KEY: 'pk_live_1' }, 'USD'],
  ['a missing secret of the webhook', { STRIPE_WEBHOOK_SECRET: '' }, 'USD'],
  [
    'a live key that goes elsewhere',
    {
      STRIPE_SECRET_KEY: 'sk_live_1',
      STRIPE_PUBLISHABLE_KEY: 'pk_live_1',
      STRIPE_URL: 'http://127.0.0.1:1',
    },
    'USD',
  ],
  ['an address that is none', { STRIPE_URL: 'stripe' }, 'USD'],
  ['an unknown way to pay', { PAYMENT_METHODS: 'shells' }, 'USD'],
  ['a limit with a fraction of a cent', { CASH_LIMIT: '0.001' }, 'USD'],
  ['a currency in which Stripe counts otherwise', {}, 'KWD'],
] as const)
  t.test(`${name} ends the start`, async t => {
    t.throws(() => read(more, currency), { message: /STRIPE_|PAYMENT_METHODS|CASH_LIMIT/ })
  })

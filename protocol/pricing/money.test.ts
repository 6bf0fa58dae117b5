/**
 * Money of currencies with two, no, three and four decimals, and events that older releases stored
 * without a currency.
 */
import t from 'tap'
import fc from '../testing/properties.ts'
import { defaultTariff, tariffIn } from './tariff.ts'
import { upcast } from '../dispatch/upcast.ts'
import { currencyOf, decimalOfMinor, firstCurrency, minorOfDecimal } from './money.ts'

t.test('minor units and decimals convert to each other, without parts of a unit', async t => {
  for (const [currency, minor, decimal] of [
    ['USD', 1250, 12.5],
    ['JPY', 1250, 1250],
    ['KWD', 1250, 1.25],
    ['CLF', 1250, 0.125],
  ] as const) {
    t.equal(decimalOfMinor(minor, currency), decimal, currency)
    t.equal(minorOfDecimal(decimal, currency), minor, currency)
  }
  t.equal(minorOfDecimal(0.005, 'USD'), null, 'half a cent')
  t.equal(minorOfDecimal(0.5, 'JPY'), null, 'half a yen')
  t.equal(minorOfDecimal(0.001, 'KWD'), 1)
  fc.assert(
    fc.property(
      fc.nat(10_000_000),
      fc.constantFrom('EUR', 'JPY', 'KWD', 'UYW'),
      (minor, currency) => minorOfDecimal(decimalOfMinor(minor, currency), currency) === minor,
    ),
  )
})

t.test('an event without a currency is in the first currency', async t => {
  t.equal(currencyOf({}), firstCurrency)
  t.equal(currencyOf({ currency: 'JPY' }), 'JPY')
  for (const type of ['order_placed', 'broadcast_opened', 'offer_held', 'order_completed'])
    for (const v of [1, 2, 3, 4, 5])
      t.match(upcast(v, { type, data: {} }).event, { data: { currency: firstCurrency } })
  t.match(upcast(6, { type: 'order_placed', data: { currency: 'JPY' } }).event, {
    data: { currency: 'JPY' },
  })
})

t.test('a tariff counts only in its own currency', async t => {
  const { currency: _, ...older } = { ...defaultTariff('USD'), base_minor: 9 }
  t.equal(tariffIn('USD', older), older, 'a tariff of an older release is in the first currency')
  t.same(tariffIn('JPY', older), defaultTariff('JPY'), 'a tariff in cents is not a tariff in yen')
  const yen = { ...older, currency: 'JPY' }
  t.equal(tariffIn('JPY', yen), yen)
  t.same(tariffIn('JPY', null), defaultTariff('JPY'))
})

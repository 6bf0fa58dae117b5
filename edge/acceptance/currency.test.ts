/**
 * One deployment whose currency is changed twice, over HTTP: dollars, then yen (no decimals), then
 * dinars (three decimals). An order keeps the currency in which it was placed, and no sum of one
 * currency counts in another.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { http, newDriver, newCustomer, newPharmacy, upload } from './people.ts'

const home = { delivery_address: 'home', delivery_latitude: 27.72, delivery_longitude: 85.33 }
/**
 * In minor units the default tariff is the same in every currency: a base fee of 250, 120 a
 * kilometre, and 300 at least.
 */
const currencies = [
  { currency: 'USD', fee: 3, base: 2.5, tooFine: 0.005, perKm: 1.21 },
  { currency: 'JPY', fee: 300, base: 250, tooFine: 0.5, perKm: 121 },
  { currency: 'KWD', fee: 0.3, base: 0.25, tooFine: 0.0005, perKm: 0.121 },
]

t.test('an order keeps its currency when the deployment changes', { timeout: 240_000 }, async t => {
  const dataDir = await preparedDataDir()
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  /** The order of each currency, with the fee and the currency that it showed at first. */
  const earlier: { id: string; delivery_fee: number; currency: string }[] = []
  const people: { pharmacy?: Awaited<ReturnType<typeof newPharmacy>> } & Record<string, any> = {}
  for (const { currency, fee, base, tooFine, perKm } of currencies) {
    const server = await startEmbedded(
      { DATA_DIR: dataDir, PORT: '0', ...(currency !== 'USD' && { CURRENCY: currency }) },
      { log: pino({ level: 'silent' }) },
    )
    const { url } = server
    try {
      const pharmacy = (people.pharmacy ??= await newPharmacy(url, 'Money', 27.71, 85.33))
      const customer = (people['customer'] ??= await newCustomer(url))
      const driver = (people['driver'] ??= await newDriver(url, pharmacy.pharmacyId))
      const ask = async (method: string, path: string, token: string, body?: object) =>
        (await http(url, method, path, { token, ...(body !== undefined && { body }) })).body
      t.match(await ask('GET', '/api/v1/pricing/calculate', customer.token), {
        currency,
        pricing: { base_fee: base, currency },
      })
      const pharmacyPath = `/api/vendors/${pharmacy.pharmacyId}`
      t.match(await ask('GET', pharmacyPath, pharmacy.token), {
        pricing: { base_fee: base, currency },
      })
      t.match(
        await ask('PATCH', pharmacyPath, pharmacy.token, {
          pricing: {
            base_fee: tooFine,
            minimum_fee: fee,
            bands: [{ up_to_km: null, per_km: perKm }],
          },
        }),
        { code: 'invalid_request' },
        'a fee finer than a minor unit is refused',
      )
      const quote = await ask('POST', '/api/pricing/quote', customer.token, {
        vendor_id: pharmacy.pharmacyId,
        ...home,
      })
      t.match(quote, { fee, currency, breakdown: { base_fee: base } })
      const order = await ask('POST', '/api/orders', customer.token, {
        vendor_id: pharmacy.pharmacyId,
        ...home,
        items: [],
        quote_id: quote.quote_id,
      })
      t.match(order, { delivery_fee: fee, currency, status: 'pending' })
      await ask('POST', `/api/orders/${order.id}/accept`, pharmacy.token, {})
      await ask('PATCH', `/api/drivers/${driver.driverId}/status`, driver.token, {
        status: 'available',
      })
      await ask('POST', `/api/orders/${order.id}/assign-driver`, pharmacy.token, {
        driver_id: driver.driverId,
      })
      for (const status of ['picked_up', 'out_for_delivery', 'delivered'])
        t.match(
          await ask('PATCH', `/api/orders/${order.id}`, driver.token, {
            status,
            ...(status === 'delivered' && {
              signature_url: await upload(url, driver.token, 'signature'),
            }),
          }),
          { status, currency },
        )
      const { events } = await ask('GET', `/api/orders/${order.id}/events`, pharmacy.token)
      t.match(
        events.find((event: { type: string }) => event.type === 'delivered'),
        { data: { earnings: fee, currency } },
      )
      let earnings = await ask('GET', `/api/drivers/${driver.driverId}/earnings`, driver.token)
      for (let i = 0; i < 100 && earnings.currency !== currency; i++) {
        await new Promise(resolve => {
          setTimeout(resolve, 50)
        })
        earnings = await ask('GET', `/api/drivers/${driver.driverId}/earnings`, driver.token)
      }
      t.match(earnings, {
        currency,
        total_earnings: fee,
        period: { earnings: fee },
        per_delivery: [{ order_id: order.id, earnings: fee }],
      })
      const day = new Date().toISOString().slice(0, 10)
      t.match(
        await ask(
          'GET',
          `/api/reports/vendors/${pharmacy.pharmacyId}?from=${day}&to=${day}`,
          pharmacy.token,
        ),
        { currency, total: { orders_delivered: earlier.length + 1, delivery_fees: fee } },
      )
      earlier.push({ id: order.id, delivery_fee: fee, currency })
      for (const shown of earlier)
        t.match(await ask('GET', `/api/orders/${shown.id}`, customer.token), shown)
    } finally {
      await server.stop()
    }
  }
})

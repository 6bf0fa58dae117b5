/** What an erasure empties, in the events of every version and in today's examples. */
import { readdirSync, readFileSync } from 'node:fs'
import { Check } from 'typebox/value'
import t from 'tap'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { blanked } from './blank.ts'

/** What the examples say of their customer. */
const personal =
  /John Doe|Jane Doe|09506000134352|9841234567|Call before delivery|Aspirin|456 Home|27\.717/

t.test('no event says anything of its customer, and each still fits its schema', async t => {
  let emptied = 0
  for (const [type, { data, example }] of Object.entries({
    ...orderEvents,
    ...appointmentEvents,
  })) {
    const blank = blanked(example)
    t.notMatch(JSON.stringify(blank), personal, type)
    t.ok(Check(data, blank), `${type} fits`)
    if (JSON.stringify(blank) !== JSON.stringify(example)) emptied++
  }
  t.ok(emptied >= 6, `${emptied} events had something`)
})

t.test('events of older versions are emptied as well', async t => {
  const folder = assetUrl('engine/journal/golden/')
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const blank = JSON.stringify(blanked(JSON.parse(text)))
    t.match(text, /"customer_name": "Cleo"/, file)
    t.notMatch(blank, /Cleo|37\.78/, file)
  }
})

t.test('codes, amounts, times and ids stay', async t => {
  const kept = {
    order_id: 'o',
    reason: 'deadline',
    fee: { fee_minor: 300, distance_km: 1.3 },
    accepted_at: '2026-01-01T10:00:00.000Z',
    vendor: { name: 'City Pharmacy', address: '1 Main St', latitude: 27.71 },
    flag: null,
  }
  t.same(blanked(kept), kept)
  t.same(blanked({ reason: 'Mina was out' }), { reason: '' })
  t.same(blanked({ dropoff: { latitude: 27.7172, longitude: -0.4, address: '17 Side St' } }), {
    dropoff: { latitude: 28, longitude: 0, address: null },
  })
})

/**
 * Every step of custody as EPCIS is valid by GS1's own schema, which is read from CADUCEUS_DATA: its
 * licence does not allow to keep it here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { ids } from '../../protocol/kernel/examples.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import type { TemperatureSummary } from '../../protocol/custody/temperatures.ts'
import { epcisDocument } from './epcis.ts'
import { custodyKinds, type OrderEntry } from './steps.ts'
import type { EntryRow } from './timeline.ts'

const folder = process.env['CADUCEUS_DATA'] ?? fileURLToPath(assetUrl('../shared/data'))
const schemaPath = join(folder, 'epcis/EPCIS-JSON-Schema.json')
const missing = !existsSync(schemaPath) && `GS1's schema is not in ${schemaPath}`

const row = (kind: OrderEntry['kind'], i: number): EntryRow => ({
  leaf: i,
  number: i + 1,
  logged_at: new Date(1_790_000_001_000),
  commitment: Buffer.alloc(32, i),
  salt: Buffer.alloc(32),
  entry: {
    subject: `order/${ids.order}`,
    number: i + 1,
    kind,
    order_version: i + 1,
    at: '2026-09-21T14:13:20.000Z',
    by:
      i % 3 === 0
        ? null
        : i % 3 === 1
          ? { role: 'driver', id: ids.driver }
          : { role: 'admin', id: null, id_sha256: 'a'.repeat(64) },
    custodian_before: i === 0 ? null : { role: 'vendor', id: ids.pharmacy },
    custodian_after:
      i % 2 === 0 ? { role: 'vendor', id: ids.pharmacy } : { role: 'driver', id: ids.driver },
    place:
      i % 2 === 0
        ? null
        : { latitude: 27.7, longitude: -85.3, source: 'driver', at: '2026-09-21T14:13:19.000Z' },
    proofs: [
      { kind: 'photo', upload_id: ids.offer, sha256: 'b'.repeat(64) },
      { kind: 'signature', upload_id: ids.offer, sha256: null },
    ],
    facts: { reason: 'nobody "at home"' },
  },
})
const summary: TemperatureSummary = {
  devices: [{ device: 'LOG/7', calibrated_on: '2026-03-01' }],
  readings: 12,
  from_ms: 1_790_000_000_000,
  to_ms: 1_790_000_660_000,
  min_celsius: 4.1,
  max_celsius: 9.3,
  kinetic_celsius: 5.8,
  verdict: 'within',
}
/** Steps that say how warm the goods were, in each of the ways. */
const measured = [{ temperature_celsius: 5.2 }, { celsius: 9 }, { temperature: summary }].map(
  (facts, i) => {
    const step = row('chain_broken', custodyKinds.length + i)
    return { ...step, entry: { ...step.entry!, facts } }
  },
)
const rows = [...custodyKinds.map(row), ...measured]

t.test("each step is valid by GS1's schema", { skip: missing }, async t => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const validate = ajv.compile(JSON.parse(readFileSync(schemaPath, 'utf8')))
  t.equal(validate(epcisDocument(ids.order, rows, 1_790_000_002_000)), true)
  t.same(validate.errors, null)
  const wrong = epcisDocument(ids.order, rows, 1_790_000_002_000)
  wrong.epcisBody.eventList[1]!.bizStep = 'handing_over'
  t.equal(validate(wrong), false, 'the schema finds a word that is not in the vocabulary')
})

t.test('temperatures are sensor elements', async t => {
  const { eventList } = epcisDocument(ids.order, [rows[0]!, ...measured], 0).epcisBody
  t.same(
    eventList.map(({ sensorElementList }) => sensorElementList?.[0]?.sensorReport[0]),
    [
      undefined,
      { type: 'Temperature', value: 5.2, uom: 'CEL' },
      { type: 'Temperature', value: 9, uom: 'CEL' },
      {
        type: 'Temperature',
        deviceID: 'urn:caduceus:thermometer:LOG%2F7',
        minValue: 4.1,
        maxValue: 9.3,
        uom: 'CEL',
      },
    ],
  )
})

t.test('a hand-over has both parties, and an erased entry is left out', async t => {
  const erased = { ...rows[0]!, entry: null, salt: null }
  const { eventList } = epcisDocument(ids.order, [erased, rows[1]!, rows[2]!], 0).epcisBody
  t.equal(eventList.length, 2)
  t.match(eventList[0], {
    epcList: [`urn:uuid:${ids.order}`],
    sourceList: [{ source: `urn:uuid:${ids.pharmacy}` }],
    destinationList: [{ destination: `urn:uuid:${ids.driver}` }],
    readPoint: { id: 'geo:27.7,-85.3' },
  })
  t.equal('sourceList' in eventList[1]!, false, 'the pharmacy still has it')
})

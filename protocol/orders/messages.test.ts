/**
 * Messages about open requests: every field, with the area instead of the place and the initials
 * instead of the name.
 */
import { kmToHundredMetres } from '../kernel/kilometres.ts'
import t from 'tap'
import { areaOf, initialsOf } from './area.ts'
import { newRequestBody, requestEnded } from './messages.ts'

t.test('areas, distances and initials are less exact than their sources', async t => {
  t.same(areaOf({ latitude: 52.51999, longitude: -13.40499 }), {
    latitude: 52.52,
    longitude: -13.4,
  })
  t.ok(
    Object.is(areaOf({ latitude: -0.001, longitude: 0 }).latitude, 0),
    'the latitude of a cell at the equator is not -0',
  )
  t.same([0, 0.04, 0.05, 12.34].map(kmToHundredMetres), [0, 0, 0.1, 12.3])
  for (const [name, initials] of [
    ['John Doe', 'J. D.'],
    [' ann  marie\tvan dyke ', 'A. M. V.'],
    ['', ''],
    ['...', ''],
    ['(eve) 7up', 'E. 7.'],
    ['e\u0301ve', '\u00c9.'],
    ['-x y', 'X. Y.'],
  ])
    t.equal(initialsOf(name!), initials)
})

t.test('the message about an open request has no place, phone, name or notes', async t => {
  t.same(
    newRequestBody({
      orderId: 'o',
      customerName: 'John Doe',
      dropoff: { latitude: 1.23456, longitude: 7.00001 },
      items: [{ name: 'a', quantity: 2 }],
      quantity: 3,
      prescriptionUrl: '/p',
      radiusKm: 5,
      createdAtMs: 0,
      expiresAtMs: 60_000,
    }),
    {
      request_id: 'o',
      patient_name: 'J. D.',
      patient_phone: '',
      patient_location: { lat: 1.23, lng: 7 },
      radius_km: 5,
      quantity: 3,
      items: [{ name: 'a', quantity: 2 }],
      notes: null,
      image_url: '/p',
      prescription_url: '/p',
      timestamp: '1970-01-01T00:00:00.000Z',
      expires_at: '1970-01-01T00:01:00.000Z',
    },
  )
})

t.test('the message about the end of a request says how it ended', async t => {
  t.same(
    (['taken', 'expired', 'cancelled'] as const).map(end => requestEnded('o', end)),
    [
      {
        type: 'request_taken',
        request_id: 'o',
        message: 'This request has been accepted by another pharmacy',
      },
      { type: 'request_expired', request_id: 'o', message: 'This request has expired' },
      { type: 'request_cancelled', request_id: 'o', message: 'This request was cancelled' },
    ],
  )
})

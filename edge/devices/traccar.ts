/**
 * Traccar Client in its three generations, all on one path, as the "osmand" protocol of Traccar
 * reads them (OsmAndProtocolDecoder of traccar, commit 9e5c458):
 * - up to 8.x: a query with id, timestamp, lat, lon, speed, bearing, accuracy, batt, mock;
 * - 9.x: JSON, `{location: {timestamp, coords, battery, mock}, device_id}`, -1 for unknown;
 * - from 10: a form with the names of the first.
 * A speed of a query or a form is in knots, one of JSON in metres per second. The secret of the
 * path names the device, so `id` is not read.
 */
import {
  fieldsOf,
  fixOf,
  flagOf,
  knownOf,
  listOf,
  numberOf,
  percentOf,
  speedOf,
  type Fields,
  type Reading,
} from './fix.ts'
import { contentOf, formFields, readAll, type Message } from './message.ts'

/** Never throws. */
export function readTraccar({ query, body }: Message): readonly Reading[] {
  const content = contentOf(body)
  if (content === 'unreadable') return ['unreadable']
  if (content === 'empty') return [fromForm(formFields(query))]
  if ('form' in content) return [fromForm(formFields(query, content.form))]
  const location = fieldsOf(content.json)?.get('location')
  return location === undefined ? ['no_position'] : readAll(listOf(location), fromJson)
}

function fromForm(fields: Fields): Reading {
  const { latitude, longitude } = placeOf(fields)
  const valid = fields.get('valid')
  if (valid === '0' || valid === 'false') return 'no_position'
  return fixOf(
    { latitude, longitude, at: fields.get('timestamp') },
    {
      headingDeg: knownOf(fields.get('bearing') ?? fields.get('heading')),
      speedMps: speedOf(fields.get('speed'), 'knots'),
      accuracyM: knownOf(fields.get('accuracy')),
      batteryPercent: percentOf(fields.get('batt')),
      simulated: flagOf(fields.get('mock')),
    },
  )
}

function placeOf(fields: Fields): { latitude: unknown; longitude: unknown } {
  const location = fields.get('location')
  if (typeof location !== 'string')
    return { latitude: fields.get('lat'), longitude: fields.get('lon') }
  const [latitude, longitude] = location.split(',', 2)
  return { latitude, longitude: longitude ?? '?' }
}

function fromJson(value: unknown): Reading {
  const location = fieldsOf(value)
  if (location === null) return 'unreadable'
  const coords = fieldsOf(location.get('coords'))
  if (coords === null) return 'no_position'
  const level = numberOf(fieldsOf(location.get('battery'))?.get('level'))
  return fixOf(
    {
      latitude: coords.get('latitude'),
      longitude: coords.get('longitude'),
      at: location.get('timestamp'),
    },
    {
      headingDeg: knownOf(coords.get('heading')),
      speedMps: speedOf(coords.get('speed'), 'mps'),
      accuracyM: knownOf(coords.get('accuracy')),
      batteryPercent: level === null ? null : percentOf(level * 100),
      simulated: flagOf(location.get('mock')),
    },
  )
}

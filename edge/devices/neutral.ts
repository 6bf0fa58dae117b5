/**
 * The neutral path in SI units, for apps whose users write the URL themselves: GPSLogger, the
 * OsmAnd app, scripts. The names are those that such apps suggest, several for the same value. A
 * speed is in metres per second, unless the URL says otherwise (`speed_unit`): the unit of OsmAnd's
 * own placeholder is not documented.
 */
import {
  fieldsOf,
  fixOf,
  flagOf,
  knownOf,
  listOf,
  percentOf,
  speedOf,
  speedUnits,
  type Fields,
  type Reading,
} from './fix.ts'
import { contentOf, formFields, readAll, type Message } from './message.ts'

/** Never throws. */
export function readNeutral({ query, body }: Message): readonly Reading[] {
  const content = contentOf(body)
  if (content === 'unreadable') return ['unreadable']
  if (content === 'empty') return [readFields(formFields(query))]
  if ('form' in content) return [readFields(formFields(query, content.form))]
  return readAll(listOf(content.json), item => {
    const fields = fieldsOf(item)
    return fields === null ? 'unreadable' : readFields(new Map([...formFields(query), ...fields]))
  })
}

function readFields(fields: Fields): Reading {
  const first = (...names: readonly string[]): unknown =>
    names.map(name => fields.get(name)).find(value => value !== undefined && value !== '')
  const unit = first('speed_unit') ?? 'mps'
  const known = speedUnits.find(one => one === unit)
  if (known === undefined) return 'unreadable'
  return fixOf(
    {
      latitude: first('latitude', 'lat'),
      longitude: first('longitude', 'lon', 'lng'),
      at: first('timestamp', 'time'),
    },
    {
      headingDeg: knownOf(first('heading', 'bearing', 'direction')),
      speedMps: speedOf(first('speed'), known),
      accuracyM: knownOf(first('accuracy')),
      batteryPercent: percentOf(first('battery', 'batt')),
      simulated: flagOf(first('simulated', 'mock')),
    },
  )
}

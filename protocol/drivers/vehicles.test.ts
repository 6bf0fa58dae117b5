/**
 * A vehicle type is one row of its table. Commands take exactly the types of the table.
 */
import t from 'tap'
import { Check } from 'typebox/value'
import { commandSchemas } from '../dispatch/commands.ts'
import { travelMinutes } from './travel.ts'
import { speedKmhOf, vehicles, vehicleTypes } from './vehicles.ts'

t.test('commands take each type of the table and no other', async t => {
  const { register, update } = commandSchemas.driver
  for (const { properties } of [register, update]) {
    for (const type of vehicleTypes) t.ok(Check(properties.vehicle_type, type), type)
    for (const other of ['motorcycle', 'toString', '', null])
      t.notOk(Check(properties.vehicle_type, other), String(other))
  }
})

t.test('an arrival is estimated by the speed of the table', async t => {
  for (const type of vehicleTypes)
    t.equal(travelMinutes(vehicles[type].speedKmh, type), 60, `${type}: an hour's way`)
  t.same(
    ['rocket', '', 'toString'].map(type => speedKmhOf(type)),
    [22, 22, 22],
    'an unknown type has a speed in between',
  )
})

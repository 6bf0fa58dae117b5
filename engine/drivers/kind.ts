/** The driver as a kind of actor: everything that the list of kinds knows of drivers. */
import { commandSchemas, edgeVerbs } from '../../protocol/dispatch/commands.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { Kind } from '../actors/kind.ts'
import { driverName } from '../saga/commands.ts'
import type { DriverCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { driverMachine } from './machine.ts'
import { react } from './react.ts'
import { absentDriver, type Driver } from './state.ts'
import { driverTables } from './tables.ts'
import { view } from './view.ts'
import { wakeAtMs } from './wake.ts'
import { words } from './words.ts'

export const driverKind: Kind<Driver, DriverCommand, DriverEvent, DriverView> = {
  name: driverName,
  byte: 1,
  words,
  tables: driverTables,
  commands: commandSchemas.driver,
  // The edge keeps the profile of a driver, so a change from elsewhere would not last.
  closedToServices: Object.fromEntries(
    Array.from(edgeVerbs, verb => [
      verb,
      "a driver's profile is changed by PATCH /api/drivers/{id}",
    ]),
  ),
  machine: driverMachine,
  absent: absentDriver,
  creates: command => command.verb === 'register',
  actorOf: command => command.by,
  decide,
  evolve,
  react: (event, driver, _atMs, source) =>
    driver.kind === 'absent' ? [] : react(event, driver, source),
  resume: () => [],
  wakeAtMs,
  row(driver, version) {
    if (driver.kind === 'absent') throw new Error('an absent driver has no row')
    return view(driver, version)
  },
  finished: () => false,
  attentive: driver => driver.kind === 'registered',
  // Releases before ADR 18 kept a list of orders that no code reads any more. Drop it, or it would
  // be copied for as long as the driver exists.
  restored(driver) {
    if ('recentOrderIds' in driver) delete driver.recentOrderIds
    return driver
  },
  pharmacyOf: driver => (driver.kind === 'absent' ? null : driver.vendorId),
}

/**
 * The work of one engine for its drivers: it keeps the roster up to date, and doubts a hold that
 * outlasts its offer.
 */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { DriverCommand } from '../drivers/commands.ts'
import { planDriver } from '../drivers/plan.ts'
import { canTakeMore, statusOf, type Driver } from '../drivers/state.ts'
import { view } from '../drivers/view.ts'
import type { RosterExchange } from '../fleet/roster-exchange.ts'
import type { Attendant, AttendedActor, Envelope, KindReply } from '../actors/kind.ts'
import type { TellReply } from '../actors/letter.ts'
import { doubtHold, type HoldsDeps } from './holds.ts'

export class DriversOfEngine implements Attendant<Driver, DriverCommand, DriverEvent> {
  readonly #rosters: RosterExchange
  readonly #holds: HoldsDeps
  readonly #currency: string

  /** `currency`: the currency of new drivers' earnings. */
  constructor(rosters: RosterExchange, holds: HoldsDeps, currency: string) {
    this.#currency = currency
    this.#rosters = rosters
    this.#holds = holds
  }

  plan(envelope: Envelope): DriverCommand {
    return planDriver(envelope, this.#currency)
  }

  reply({ state: driver, version }: TellReply & { ok: true; state: Driver }): KindReply {
    if (driver.kind === 'absent')
      return { ok: false, problem: { code: 'driver_not_found', detail: 'no such driver' } }
    return { ok: true, driver: view(driver, version) }
  }

  observe({ state: driver }: AttendedActor<Driver>): void {
    if (driver.kind === 'absent') return
    this.#rosters.put({
      driverId: driver.driverId,
      vendorId: driver.vendorId,
      vehicleType: driver.vehicleType,
      status: statusOf(driver),
      canTakeMore: canTakeMore(driver),
    })
  }

  due(cell: AttendedActor<Driver>): void {
    doubtHold(this.#holds, cell)
  }
}

/** What one engine does for its drivers: keeps the roster up to date, and doubts a hold that outlives its offer. */
import type { DriverEvent } from '../../protocol/events.ts'
import type { DriverCommand } from '../driver/commands.ts'
import { planDriver } from '../driver/plan.ts'
import { canTakeMore, statusOf, type Driver } from '../driver/state.ts'
import { view } from '../driver/view.ts'
import type { RosterExchange } from '../roster-exchange.ts'
import type { Cell, TellReply } from '../runtime/cell.ts'
import type { Attendant, Envelope, KindReply } from '../runtime/kind.ts'
import { doubtHold, type HoldsDeps } from './holds.ts'

export class DriversOfEngine implements Attendant<Driver, DriverCommand, DriverEvent> {
  readonly #rosters: RosterExchange
  readonly #holds: HoldsDeps
  readonly #currency: string

  /** `currency`: of what new drivers earn. */
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

  observe({ state: driver }: Cell & { state: Driver }): void {
    if (driver.kind === 'absent') return
    this.#rosters.put({
      driverId: driver.driverId,
      vendorId: driver.vendorId,
      vehicleType: driver.vehicleType,
      status: statusOf(driver),
      canTakeMore: canTakeMore(driver),
    })
  }

  due(cell: Cell & { state: Driver }): void {
    doubtHold(this.#holds, cell)
  }
}

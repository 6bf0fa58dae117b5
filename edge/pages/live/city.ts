/**
 * What operators look at: vehicles, orders and pharmacies. The lists are read over HTTP whenever the
 * socket has opened; the socket tells what changes after that.
 */
import { signal } from '@preact/signals'
import {
  CaduceusError,
  connectLive,
  type FleetMember,
  type Live,
} from '../../../protocol/client/index.ts'
import { hasEnded } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { ConnectionState } from '../base/connection.tsx'
import type { PageSession } from '../base/session.ts'
import { openOrders } from '../shared/order-lists.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'

/** News of one driver; a change of status contains no place. */
export type MemberNews = Pick<FleetMember, 'driver_id' | 'status'> & Partial<FleetMember>
export interface Vehicle {
  id: string
  vendorId: string | null
  name: string
  phone: string
  vehicleType: string
  status: string
}
interface DriverRow {
  id: string
  vendor_id: string | null
  full_name: string
  phone: string
  vehicle_type: string
  status: string
  membership: string
  current_latitude: number | null
  current_longitude: number | null
}
interface Listeners {
  /** `isReport`: the driver moved now; otherwise the position is the last known one. */
  onMember(member: MemberNews, isReport: boolean): void
  /** Positions that arrived now. */
  onReports(count: number): void
  /** The lists are read: the map may show everything. */
  onRead(): void
}

const pageMax = 200
/** More of one list is not read: a page would not show it, and a search finds it elsewhere. */
const rowsMax = 5_000
/** Time in which changes of orders are gathered before they are read. */
const gatherMs = 300
/** Time after which those that could not be read are read again. */
const againMs = 2_000
const readsAtOnce = 6

export class City {
  readonly connection = new ConnectionState()
  readonly vehicles = new Map<string, Vehicle>()
  readonly orders = new Map<string, OrderView>()
  readonly pharmacies = new Map<string, Pharmacy>()
  /** Rises when a list has changed. */
  readonly changes = signal(0)
  /** False when there are more pharmacies than one socket hears. */
  readonly hearsAll = signal(true)
  /** The pharmacies that a link chose; empty: all. */
  only: ReadonlySet<string> = new Set()
  readonly #session: PageSession
  readonly #listeners: Listeners
  #live: Live | null = null
  /** Orders and drivers to read, because something about them changed. */
  #stale = new Set<string>()
  #strange = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(session: PageSession, listeners: Listeners) {
    this.#session = session
    this.#listeners = listeners
  }

  /** Connects, and again after each loss, until `end`. */
  begin(): void {
    this.end()
    this.connection.restarted()
    const live = connectLive(this.#session.connectOptions)
    this.#live = live
    live.on('open', ({ hears_all }) => {
      this.hearsAll.value = hears_all
      this.#read()
        .then(() => this.connection.opened())
        .catch(() => this.connection.closed({ code: 0, reason: '', final: false }, () => undefined))
    })
    live.on('closed', closed => {
      if (this.#live === live) this.connection.closed(closed, () => void this.#session.lapse())
    })
    live.on('locations', ({ vendor_id, drivers }) => {
      if (!this.#isChosen(vendor_id)) return
      for (const member of drivers) this.#take(member, true)
      this.#listeners.onReports(drivers.length)
    })
    live.on('driver_status', member => this.#take(member, false))
    live.on('status', ({ order_id }) => {
      this.#stale.add(order_id)
      this.#soon()
    })
  }

  end(): void {
    const before = this.#live
    this.#live = null
    before?.close()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stale.clear()
    this.#strange.clear()
    for (const list of [this.vehicles, this.orders, this.pharmacies]) list.clear()
  }

  #isChosen(vendorId: string | null): boolean {
    return this.only.size === 0 || (vendorId !== null && this.only.has(vendorId))
  }

  async #read(): Promise<void> {
    const { api } = this.#session
    const own = this.#session.user.value?.vendor_id ?? null
    const [pharmacies, drivers, orders] = await Promise.all([
      this.#all<Pharmacy>('/api/vendors', 'vendors', { is_active: true }),
      this.#all<DriverRow>('/api/drivers', 'drivers'),
      openOrders(api, '/api/orders'),
    ])
    this.pharmacies.clear()
    for (const pharmacy of pharmacies)
      if (this.#isChosen(pharmacy.id) && (own === null || own === pharmacy.id))
        this.pharmacies.set(pharmacy.id, pharmacy)
    this.vehicles.clear()
    for (const row of drivers) this.#put(row)
    this.orders.clear()
    for (const order of orders) this.#putOrder(order)
    this.changes.value++
    this.#listeners.onRead()
  }

  async #all<Row>(
    path: string,
    name: string,
    filters: Record<string, boolean> = {},
  ): Promise<Row[]> {
    const found: Row[] = []
    let cursor: string | undefined
    do {
      const page: Record<string, unknown> = await this.#session.api.call('GET', path, {
        query: { limit: pageMax, cursor, ...filters },
      })
      found.push(...(page[name] as Row[]))
      cursor = (page['next_cursor'] as string | null) ?? undefined
    } while (cursor !== undefined && found.length < rowsMax)
    return found
  }

  #put(row: DriverRow): void {
    if (row.membership !== 'active' || !this.#isChosen(row.vendor_id)) return
    this.vehicles.set(row.id, {
      id: row.id,
      vendorId: row.vendor_id,
      name: row.full_name,
      phone: row.phone,
      vehicleType: row.vehicle_type,
      status: row.status,
    })
    this.#listeners.onMember(
      {
        driver_id: row.id,
        status: row.status,
        latitude: row.current_latitude,
        longitude: row.current_longitude,
      },
      false,
    )
  }

  #putOrder(order: OrderView): void {
    if (hasEnded(order.status) || !(order.vendor_id === null || this.#isChosen(order.vendor_id)))
      this.orders.delete(order.id)
    else this.orders.set(order.id, order)
  }

  #take(member: MemberNews, isReport: boolean): void {
    const known = this.vehicles.get(member.driver_id)
    if (known === undefined) {
      // Somebody who joined since the lists were read.
      this.#strange.add(member.driver_id)
      this.#soon()
      return
    }
    if (known.status !== member.status) {
      this.vehicles.set(known.id, { ...known, status: member.status })
      this.changes.value++
    }
    this.#listeners.onMember(member, isReport)
  }

  #soon(ms = gatherMs): void {
    this.#timer ??= setTimeout(() => void this.#readStale(), ms)
  }

  /**
   * Reads the orders and drivers of which something was heard, a few at once. One that is gone is
   * left out; one that could not be read stays as it is and is read again.
   */
  async #readStale(): Promise<void> {
    const { api } = this.#session
    const live = this.#live
    const timer = this.#timer
    const [stale, strange] = [this.#stale, this.#strange]
    this.#stale = new Set()
    this.#strange = new Set()
    const failed = { orders: new Set<string>(), drivers: new Set<string>() }
    const read = async <Row>(
      row: Promise<Row>,
      id: string,
      again: Set<string>,
      put: (row: Row | null) => void,
    ) => {
      try {
        const found = await row.catch(nullIfGone)
        if (this.#live === live) put(found)
      } catch {
        again.add(id)
      }
    }
    const reads = [
      ...[...stale].map(
        id => () =>
          read(api.getOrder(id), id, failed.orders, order => {
            if (order === null) this.orders.delete(id)
            else this.#putOrder(order)
          }),
      ),
      ...[...strange].map(
        id => () =>
          read(api.call<DriverRow>('GET', `/api/drivers/${id}`), id, failed.drivers, row => {
            if (row !== null) this.#put(row)
          }),
      ),
    ]
    const reader = async (): Promise<void> => {
      for (let next = reads.pop(); next !== undefined; next = reads.pop()) await next()
    }
    await Promise.all(Array.from({ length: readsAtOnce }, reader))
    // Another sign-in has begun with lists of its own.
    if (this.#live !== live || this.#timer !== timer) return
    this.#timer = undefined
    this.changes.value++
    const isFailed = failed.orders.size + failed.drivers.size > 0
    for (const id of failed.orders) this.#stale.add(id)
    for (const id of failed.drivers) this.#strange.add(id)
    if (this.#stale.size + this.#strange.size > 0) this.#soon(isFailed ? againMs : gatherMs)
  }
}

const gone: ReadonlySet<string> = new Set([
  'not_found',
  'order_not_found',
  'driver_not_found',
  'forbidden',
])

/** Null for a record that is gone or belongs to others now. Throws every other error. */
function nullIfGone(error: unknown): null {
  if (error instanceof CaduceusError && gone.has(error.code)) return null
  throw error
}

/**
 * What operators look at: vehicles, orders and pharmacies. The lists are read over HTTP whenever the
 * socket has opened; the socket tells what changes after that.
 */
import { signal } from '@preact/signals'
import { connectLive, type FleetMember, type Live } from '../../../protocol/client/index.ts'
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

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#readStale()
    }, gatherMs)
  }

  /** Reads the orders and drivers of which something was heard; one that is gone is left out. */
  async #readStale(): Promise<void> {
    const { api } = this.#session
    const [stale, strange] = [this.#stale, this.#strange]
    this.#stale = new Set()
    this.#strange = new Set()
    await Promise.all([
      ...[...stale].map(async id => {
        const order = await api.getOrder(id).catch(() => null)
        if (order === null) this.orders.delete(id)
        else this.#putOrder(order)
      }),
      ...[...strange].map(async id => {
        const row = await api.call<DriverRow>('GET', `/api/drivers/${id}`).catch(() => null)
        if (row !== null) this.#put(row)
      }),
    ])
    this.changes.value++
  }
}

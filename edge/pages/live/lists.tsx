/**
 * Vehicles, orders and pharmacies as lists with a search and filters: what the map shows, in text.
 * A row shows its place on the map, an order also everything that happened to it.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { statusesWith, statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Choice, Field } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { Tabs } from '../base/page.tsx'
import type { PageSession } from '../base/session.ts'
import { OrderTimeline } from '../base/timeline.tsx'
import type { Place } from '../map/projection.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { language, say } from '../texts/index.ts'
import type { City, Vehicle } from './city.ts'
import type { FleetMap } from './fleet-map.ts'
import { driverLooks } from './statuses.ts'

/** Rows that a list shows; the search finds the others. */
const shownMax = 100
const kinds = ['vehicles', 'orders', 'pharmacies'] as const
type Kind = (typeof kinds)[number]
const openStatuses = statusesWith('ended', false)

const homeOf = (order: OrderView): Place => ({
  latitude: order.delivery_latitude,
  longitude: order.delivery_longitude,
})

interface Filters {
  words: string
  status: string
  pharmacyId: string
}

/** True when every word is in one of the texts. */
function matches(words: string, texts: readonly (string | null)[]): boolean {
  const text = texts.join(' ').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}

interface Props {
  session: PageSession
  city: City
  map: FleetMap
}

/** The panel beside the map. */
export function Lists({ session, city, map }: Props) {
  const [kind, setKind] = useState<Kind>('vehicles')
  const [filters, setFilters] = useState<Filters>({ words: '', status: '', pharmacyId: '' })
  const [chosen, setChosen] = useState<string | null>(null)
  const { words, status, pharmacyId } = filters
  const nameOf = (id: string | null): string =>
    id === null ? '' : (city.pharmacies.get(id)?.business_name ?? '')
  const vehicles = [...city.vehicles.values()].filter(
    vehicle =>
      (pharmacyId === '' || vehicle.vendorId === pharmacyId) &&
      (kind !== 'vehicles' || status === '' || vehicle.status === status) &&
      (kind !== 'vehicles' ||
        matches(words, [
          vehicle.name,
          vehicle.phone,
          vehicle.vehicleType,
          nameOf(vehicle.vendorId),
        ])),
  )
  const orders = [...city.orders.values()].filter(
    order =>
      (pharmacyId === '' || order.vendor_id === pharmacyId) &&
      (kind !== 'orders' || status === '' || order.status === status) &&
      (kind !== 'orders' ||
        matches(words, [
          order.order_number,
          order.id,
          order.vendor_name,
          order.driver_name,
          order.customer_name,
          order.delivery_address,
        ])),
  )
  const pharmacies = [...city.pharmacies.values()].filter(
    pharmacy => kind !== 'pharmacies' || matches(words, [pharmacy.business_name, pharmacy.id]),
  )
  useEffect(() => {
    map.choose(orders.map(homeOf), new Set(vehicles.map(({ id }) => id)))
    map.setPharmacies(pharmacyId === '' ? pharmacies : pharmacies.filter(p => p.id === pharmacyId))
  }, [city.changes.value, words, status, pharmacyId, kind])
  const pick = (id: string, place: Place | string): void => {
    setChosen(id)
    map.mark(place)
  }
  const statuses: readonly (readonly [string, string])[] =
    kind === 'vehicles'
      ? Object.keys(driverLooks).map(one => [one, say(`live.${one as keyof typeof driverLooks}`)])
      : kind === 'orders'
        ? openStatuses.map(one => [one, say(`status.${one}`)])
        : []
  const set = (change: Partial<Filters>): void => setFilters({ ...filters, ...change })
  return (
    <section class="panel side" aria-label={say('live.lists')}>
      <h2 class="unseen">{say('live.lists')}</h2>
      <Tabs
        label={say('live.lists')}
        chosen={kind}
        onChoose={id => {
          setKind(id as Kind)
          setChosen(null)
          set({ status: '' })
        }}
        tabs={kinds.map(id => ({ id, words: say(`live.${id}`) }))}
      />
      <Field
        label={say('admin.search')}
        type="search"
        value={words}
        onInput={event => set({ words: event.currentTarget.value })}
      />
      <div class="pair">
        {statuses.length === 0 ? null : (
          <Choice
            label={say('admin.state')}
            value={status}
            options={[['', say('admin.any')], ...statuses]}
            onChange={event => set({ status: event.currentTarget.value })}
          />
        )}
        {city.pharmacies.size < 2 ? null : (
          <Choice
            label={say('live.of_pharmacy')}
            value={pharmacyId}
            options={[
              ['', say('admin.any')],
              ...[...city.pharmacies.values()].map(one => [one.id, one.business_name] as const),
            ]}
            onChange={event => set({ pharmacyId: event.currentTarget.value })}
          />
        )}
      </div>
      {city.hearsAll.value ? null : <p class="notice">{say('live.too_many')}</p>}
      {kind === 'orders' && chosen !== null ? (
        <OrderTimeline session={session} orderId={chosen} of={city.changes.value} />
      ) : null}
      {kind === 'vehicles' ? (
        <Rows
          all={vehicles}
          row={vehicle => (
            <VehicleRow
              vehicle={vehicle}
              pharmacy={nameOf(vehicle.vendorId)}
              isChosen={chosen === vehicle.id}
              onPick={() => pick(vehicle.id, vehicle.id)}
            />
          )}
        />
      ) : null}
      {kind === 'orders' ? (
        <Rows
          all={orders}
          row={order => (
            <OrderRow
              order={order}
              isChosen={chosen === order.id}
              onPick={() => pick(order.id, homeOf(order))}
            />
          )}
        />
      ) : null}
      {kind === 'pharmacies' ? (
        <Rows
          all={pharmacies}
          row={pharmacy => (
            <PharmacyRow
              pharmacy={pharmacy}
              open={orders.filter(order => order.vendor_id === pharmacy.id).length}
              isChosen={chosen === pharmacy.id}
              onPick={() => pick(pharmacy.id, pharmacy)}
            />
          )}
        />
      ) : null}
    </section>
  )
}

function Rows<Row extends { id: string }>({
  all,
  row,
}: {
  all: readonly Row[]
  row(one: Row): ComponentChildren
}) {
  if (all.length === 0) return <p class="empty">{say('admin.nothing')}</p>
  return (
    <>
      <p class="soft small" role="status">
        {say('live.found', { count: all.length })}
      </p>
      <ul class="list">
        {all.slice(0, shownMax).map(one => (
          <li key={one.id}>{row(one)}</li>
        ))}
      </ul>
    </>
  )
}

interface Picked {
  isChosen: boolean
  onPick(): void
}

function VehicleRow({
  vehicle,
  pharmacy,
  isChosen,
  onPick,
}: Picked & { vehicle: Vehicle; pharmacy: string }) {
  const status = vehicle.status in driverLooks ? (vehicle.status as keyof typeof driverLooks) : null
  return (
    <div class="row spread" data-vehicle={vehicle.id}>
      <button type="button" class="plain" aria-pressed={isChosen} onClick={onPick}>
        {vehicle.name}
      </button>
      <span class="soft small">{pharmacy}</span>
      <span class="pill" data-tone={status === 'available' ? 'good' : 'warn'}>
        {status === null ? vehicle.status : say(`live.${status}`)}
      </span>
    </div>
  )
}

function OrderRow({ order, isChosen, onPick }: Picked & { order: OrderView }) {
  return (
    <div class="row spread" data-order-row={order.id}>
      <button type="button" class="plain" aria-pressed={isChosen} onClick={onPick}>
        {order.order_number}
      </button>
      <span class="soft small">{dayAndTime(order.created_at)}</span>
      <span class="pill" data-tone={statusTable[order.status].tone}>
        {say(`status.${order.status}`)}
      </span>
    </div>
  )
}

function PharmacyRow({
  pharmacy,
  open,
  isChosen,
  onPick,
}: Picked & { pharmacy: Pharmacy; open: number }) {
  return (
    <div class="row spread" data-pharmacy={pharmacy.id}>
      <button type="button" class="plain" aria-pressed={isChosen} onClick={onPick}>
        {pharmacy.business_name}
      </button>
      <span class="soft small">
        {say('live.open_orders', { count: open, number: open.toLocaleString(language.value) })}
      </span>
    </div>
  )
}

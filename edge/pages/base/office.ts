/**
 * What the parts of the pharmacy's page share: the sign-in, the connection, the pharmacy with its
 * drivers, and the news that something must be read again. A part lives in the room of its feature.
 */
import { signal } from '@preact/signals'
import { connectFleet, type Fleet } from '../../../protocol/client/index.ts'
import type { OpeningHours } from '../../../protocol/pharmacies/opening-hours.ts'
import type { PharmacyStatus } from '../../../protocol/pharmacies/statuses.ts'
import { ConversationNews } from './chat.tsx'
import { ConnectionState } from './connection.tsx'
import type { PageSession } from './session.ts'

export interface Tariff {
  base_fee: number
  minimum_fee: number
  bands: readonly { up_to_km: number | null; per_km: number }[]
}
/** The pharmacy as its own people see it. */
export interface OwnPharmacy {
  id: string
  business_name: string
  phone: string
  address: string | null
  description: string | null
  website: string | null
  latitude: number
  longitude: number
  status: PharmacyStatus
  status_reason?: string | null
  is_active: boolean
  is_open: boolean
  time_zone: string
  opening_hours: OpeningHours | null
  pricing: Tariff & { currency: string }
  delivery_promise_minutes: number
  proof_required?: boolean
  dispatch_policy?: 'manual' | 'offer'
  /** Where the pharmacy asks to move; an administrator decides. */
  moving_to?: { asked_at: string } | null
  rating?: { median: number; ratings: number } | null
}

/** A driver of the pharmacy, as its list shows one. */
export interface DriverRow {
  id: string
  full_name: string
  phone: string
  vehicle_type: string
  vehicle_number: string | null
  status: string
  membership: 'pending' | 'active' | 'ended'
  total_deliveries: number
  active_order_ids: readonly string[]
  current_latitude: number | null
  current_longitude: number | null
  last_location_update: string | null
}

/** Time in which several changes are read as one. */
const settleMs = 300
const pageMax = 200

export class Office {
  readonly session: PageSession
  readonly connection = new ConnectionState()
  readonly news = new ConversationNews()
  readonly pharmacy = signal<OwnPharmacy | null>(null)
  readonly drivers = signal<readonly DriverRow[]>([])
  /** Grows when orders, appointments or conversations may have changed. */
  readonly changes = signal(0)
  /** Grows when a driver moved. */
  readonly moves = signal(0)
  #fleet: Fleet | null = null
  #settling: ReturnType<typeof setTimeout> | undefined

  constructor(session: PageSession) {
    this.session = session
  }

  get pharmacyId(): string {
    return this.session.user.value?.vendor_id ?? ''
  }
  /** The path of the pharmacy's record. */
  get path(): string {
    return `/api/vendors/${this.pharmacyId}`
  }

  /** Connects for the person who is signed in now. */
  begin(): void {
    this.end()
    this.connection.restarted()
    const fleet = connectFleet({ ...this.session.connectOptions, vendorId: this.pharmacyId })
    this.#fleet = fleet
    fleet.on('fleet', () => {
      this.connection.opened()
      this.news.hearAll()
      this.changed()
    })
    fleet.on('closed', closed => {
      if (this.#fleet === fleet) this.connection.closed(closed, () => void this.session.lapse())
    })
    fleet.on('locations', () => {
      this.moves.value++
    })
    for (const news of [
      'driver_status',
      'driver_membership',
      'status',
      'new_order',
      'driver_search_ended',
      'notification',
    ] as const)
      fleet.on(news, () => this.changed())
    fleet.on('conversation_entry', ({ conversation_id }) => this.#heard(conversation_id))
    fleet.on('conversation_changed', ({ conversation_id }) => this.#heard(conversation_id))
    this.readPharmacy().catch(() => undefined)
    this.readDrivers().catch(() => undefined)
  }

  end(): void {
    const fleet = this.#fleet
    this.#fleet = null
    fleet?.close()
    clearTimeout(this.#settling)
    this.pharmacy.value = null
    this.drivers.value = []
  }

  /** The last known places of the drivers, by id. */
  get places(): ReadonlyMap<string, DriverPlace> {
    const found = new Map<string, DriverPlace>()
    for (const { id, current_latitude, current_longitude, last_location_update } of this.drivers
      .value)
      if (current_latitude !== null && current_longitude !== null)
        found.set(id, {
          latitude: current_latitude,
          longitude: current_longitude,
          heading: null,
          at: last_location_update,
        })
    for (const [id, { latitude, longitude, heading, at }] of this.#fleet?.drivers ?? [])
      if (latitude !== null && longitude !== null)
        found.set(id, { latitude, longitude, heading, at })
    return found
  }

  async readPharmacy(): Promise<void> {
    this.pharmacy.value = await this.session.api.call<OwnPharmacy>('GET', this.path)
  }

  /** Changes the pharmacy's record. Throws CaduceusError. */
  async changePharmacy(change: object): Promise<void> {
    this.pharmacy.value = await this.session.api.call<OwnPharmacy>('PATCH', this.path, {
      body: change,
    })
  }

  /** Every driver of the pharmacy, however many. */
  async readDrivers(): Promise<void> {
    const found: DriverRow[] = []
    let cursor: string | undefined
    do {
      const page: { drivers: DriverRow[]; next_cursor: string | null } =
        await this.session.api.call('GET', '/api/drivers', { query: { limit: pageMax, cursor } })
      found.push(...page.drivers)
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
    this.drivers.value = found
  }

  #heard(conversationId: string): void {
    this.news.hear(conversationId)
    this.changed()
  }

  /** Something may have changed. Several changes at once are read once. */
  changed(): void {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.changes.value++
      this.readDrivers().catch(() => undefined)
    }, settleMs)
  }
}

export interface DriverPlace {
  latitude: number
  longitude: number
  heading: number | null
  /** RFC 3339; null when the time is unknown. */
  at: string | null
}

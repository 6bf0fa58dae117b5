/**
 * The history of an order for its readers, made from the journal's events: type, time, actor, and
 * the facts that concern the reader. Pure. A type of event that is missing here does not compile,
 * and a field that is not named here is not told, because events also hold the tracking token, the
 * other pharmacies that were asked, and phone numbers.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Standing } from '../../protocol/orders/standings.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Identity } from '../kernel/identity.ts'
import { seesEarnings } from '../kernel/member-rights.ts'
import type { Recorded } from './recorded-events.ts'

export interface TimelineEntry {
  /**
   * Version of the order after the event. Versions are contiguous in the journal; a gap here is an
   * event that the reader may not see.
   */
  version: number
  type: OrderEvent['type']
  at: string
  /**
   * The actor by role, and by id where the reader may know it; null when an older release did not
   * record it.
   */
  by: { role: Principal['role']; id: string | null; person?: string } | null
  data: Record<string, unknown>
}

/** The reader: role and record. */
export type Reader = Pick<Identity, 'role' | 'pharmacyId' | 'driverId' | 'memberRole'>
/** `currency` of the order. */
type Reading = Reader & { currency: string }

/**
 * Null when the event is not for this reader. `standing`: the reader's present standing to the
 * order. A reader who does not have the order, or not any more, sees only what that standing
 * allows.
 */
export function timelineEntry(
  identity: Reader,
  currency: string,
  { version, at, by, event }: Recorded<OrderEvent>,
  standing: Standing | null = null,
): TimelineEntry | null {
  const { role, pharmacyId, driverId, memberRole } = identity
  const reader: Reading = {
    role,
    pharmacyId,
    driverId,
    ...(memberRole !== undefined && { memberRole }),
    currency,
  }
  const data =
    standing !== null && standing in limited
      ? limited[standing as LimitedStanding](reader, event)
      : dataFor(reader, event)
  return data === null
    ? null
    : {
        version,
        type: event.type,
        at: at.toISOString(),
        by: by === null ? null : shownActor(reader, by, standing),
        data,
      }
}

/**
 * Only administrators see the ids of administrators. Callers who have the order, but not drivers,
 * see the id of the customer. The pharmacy itself and administrators see the account of the person
 * who acted for the pharmacy.
 */
function shownActor(
  { role, pharmacyId }: Reader,
  by: Principal,
  standing: Standing | null,
): TimelineEntry['by'] {
  const strange = role === 'driver' || (standing !== null && standing in limited)
  const hidden =
    role !== 'admin' &&
    role !== 'service' &&
    (by.role === 'admin' || (by.role === 'customer' && strange))
  const seesPerson = role === 'admin' || (role === 'vendor' && by.id === pharmacyId)
  return {
    role: by.role,
    id: hidden ? null : by.id,
    ...(seesPerson && by.person !== undefined && { person: by.person }),
  }
}

type LimitedStanding = 'asked' | 'offered' | 'past' | 'outsider'
type Told = Record<string, unknown> | null
const ownOffers = (reader: Reading, event: OrderEvent): Told =>
  event.type === 'offer_made' || event.type === 'offer_closed' ? dataFor(reader, event) : null
const limited: Readonly<Record<LimitedStanding, (reader: Reading, event: OrderEvent) => Told>> = {
  asked(reader, event) {
    switch (event.type) {
      case 'broadcast_opened':
        return {
          radius_km: event.data.radius_km,
          expires_at: new Date(event.data.expires_at_ms).toISOString(),
        }
      case 'response_recorded':
        return dataFor(reader, event)
      default:
        return null
    }
  },
  offered: ownOffers,
  past: (reader, event) =>
    event.type === 'delivered'
      ? earningsOf(reader, event.data.earnings_minor)
      : ownOffers(reader, event),
  outsider: () => null,
}

function dataFor(reader: Reading, event: OrderEvent): Record<string, unknown> | null {
  const { role } = reader
  const overseer = role === 'admin' || role === 'service'
  const offeredTo = (driverId: string): boolean =>
    overseer || role === 'vendor' || (role === 'driver' && reader.driverId === driverId)
  switch (event.type) {
    case 'broadcast_opened': {
      const { radius_km, expires_at_ms, candidates, fee } = event.data
      if (role === 'driver') return {}
      return {
        radius_km,
        expires_at: new Date(expires_at_ms).toISOString(),
        pharmacies_notified: candidates.length,
        ...feeOf(reader, fee?.fee_minor),
      }
    }
    case 'order_placed': {
      const { vendor: pharmacy, distance_km, fee } = event.data
      return {
        pharmacy_name: pharmacy.name,
        distance_km: kmToMetre(distance_km),
        ...feeOf(reader, fee?.fee_minor),
      }
    }
    case 'response_recorded': {
      const { vendor_id, vendor_name, distance_km, text_message, audio_url } = event.data
      if (role === 'driver' || (role === 'vendor' && reader.pharmacyId !== vendor_id)) return null
      const facts = {
        pharmacy_id: vendor_id,
        pharmacy_name: vendor_name,
        response_type: 'REJECTED',
        text_message,
        audio_url,
      }
      // A pharmacy that is asked hears the distance to an area; a pharmacy that declined must not
      // learn the exact distance afterwards.
      return role === 'vendor' ? facts : { ...facts, distance_km: kmToMetre(distance_km) }
    }
    case 'order_accepted': {
      const { vendor: pharmacy, distance_km, fee_minor, text_message, audio_url } = event.data
      const facts = {
        pharmacy_name: pharmacy.name,
        distance_km: kmToMetre(distance_km),
        ...feeOf(reader, fee_minor),
      }
      return role === 'driver'
        ? facts
        : { ...facts, pharmacy_id: pharmacy.vendor_id, text_message, audio_url }
    }
    case 'order_rejected':
      return role === 'driver' ? null : { reason: event.data.reason }
    case 'request_expired':
      return { reason: event.data.reason }
    case 'order_cancelled':
      return { by: event.data.by, reason: event.data.reason }
    case 'tracking_reissued':
      return role === 'driver' ? null : {}
    case 'driver_search_started':
      return role === 'driver' ? null : {}
    case 'driver_search_ended':
      return role === 'driver' ? null : { outcome: event.data.outcome }
    case 'offer_made': {
      const { offer_id, driver_id, mode, expires_at_ms, eta_minutes, distance_km } = event.data
      if (!offeredTo(driver_id)) return null
      return {
        offer_id,
        driver_id,
        mode,
        expires_at: new Date(expires_at_ms).toISOString(),
        eta_minutes,
        distance_km: distance_km === null ? null : kmToMetre(distance_km),
      }
    }
    case 'offer_closed': {
      const { offer_id, driver_id, outcome, reason } = event.data
      return offeredTo(driver_id) ? { offer_id, driver_id, outcome, reason } : null
    }
    case 'driver_assigned': {
      const { driver_id, name, vehicle_type } = event.data.driver
      return { driver_id, driver_name: name, vehicle_type }
    }
    case 'driver_unassigned': {
      const { driver_id, reason } = event.data
      if (role === 'user') return { driver_id }
      return role !== 'driver' || driver_id === reader.driverId ? { driver_id, reason } : null
    }
    case 'assigned_driver_updated': {
      const { driver_id, name, vehicle_type } = event.data.driver
      return { driver_id, driver_name: name, vehicle_type }
    }
    case 'arrived_at_pickup':
    case 'picked_up':
    case 'out_for_delivery':
    case 'arrived_at_dropoff':
    case 'return_started':
      return {}
    case 'delivered': {
      const {
        proof_photo_url,
        signature_url,
        actual_distance_km,
        earnings_minor,
        door_distance_m,
        reason,
        flag,
      } = event.data
      return {
        proof_photo_url,
        signature_url,
        actual_distance_km: actual_distance_km === null ? null : kmToMetre(actual_distance_km),
        reason,
        ...(role !== 'user' && seesEarnings(reader) && earningsOf(reader, earnings_minor)),
        ...((overseer || role === 'vendor') && { door_distance_m, flag }),
      }
    }
    case 'delivery_failed':
      return { reason: event.data.reason }
    case 'returned':
      return {}
    // Who reads the seal on the parcel must not know it from here.
    case 'parcel_packed': {
      const { classes, seal_number, packages } = event.data
      return { classes, packages: packages.length, ...(role !== 'driver' && { seal_number }) }
    }
    case 'package_scanned':
    case 'agent_named':
    case 'code_refused':
    case 'chain_mended':
      return event.data
    case 'chain_broken': {
      const { number, kind, stage, note, celsius } = event.data
      return { number, kind, stage, note, celsius }
    }
    case 'code_renewed':
      return role === 'driver' ? null : {}
    default:
      return event satisfies never
  }
}

const earningsOf = ({ currency }: Reading, minor: number) => ({
  earnings: decimalOfMinor(minor, currency),
  currency,
})
const feeOf = (
  { currency }: Reading,
  minor: number | undefined,
): { delivery_fee?: number; currency?: string } =>
  minor === undefined ? {} : { delivery_fee: decimalOfMinor(minor, currency), currency }

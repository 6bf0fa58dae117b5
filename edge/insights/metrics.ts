/**
 * The metrics of insights: one row each, with the written definition. A new metric is a row here. A
 * metric without a source is told as not measured yet. `edge/insights/README.md` repeats the
 * definitions, and a test compares them.
 */
import {
  attendance,
  claims,
  claimTimes,
  doorTimes,
  offers,
  pickUpTimes,
  punctuality,
  returns,
  type Source,
} from './observations.ts'

/** Raise it when a definition changes. */
export const definitionsVersion = 2

export interface Metric {
  /** `share`: from 0 to 1, of all observations. `minutes`: the median. */
  unit: 'share' | 'minutes'
  definition: string
  /** Null until there is a source. */
  source: Source | null
  /** Observations have a driver. */
  byDriver: boolean
  /** Observations have a service. */
  byService: boolean
}

/** A metric whose observations have a driver. */
const ofDrivers = (unit: Metric['unit'], source: Source, definition: string): Metric => ({
  unit,
  source,
  definition,
  byDriver: true,
  byService: false,
})
/** A metric that drivers have no part in. */
const ofPharmacies = (unit: Metric['unit'], source: Source | null, definition: string): Metric => ({
  unit,
  source,
  definition,
  byDriver: false,
  byService: false,
})

export const metrics: Readonly<Record<string, Metric>> = {
  claim_rate: ofPharmacies(
    'share',
    claims,
    'Of the requests that asked the pharmacy and were claimed or expired, the share that the pharmacy claimed. Counts when the request was claimed or expired.',
  ),
  request_to_claim: ofPharmacies(
    'minutes',
    claimTimes,
    'From the request to the claim, of requests that the pharmacy claimed. Counts when it was claimed.',
  ),
  ready_to_pickup: ofDrivers(
    'minutes',
    pickUpTimes,
    'From the acceptance by the pharmacy, the first moment at which the parcel may be ready, to the pick-up. Counts at the pick-up.',
  ),
  click_to_door: ofDrivers(
    'minutes',
    doorTimes,
    'From the order or the request of the customer to the delivery. Counts at the delivery.',
  ),
  on_time: ofDrivers(
    'share',
    punctuality,
    'Of the deliveries, the share within the promise of the pharmacy, which counts from its acceptance. Counts at the delivery.',
  ),
  offer_acceptance: ofDrivers(
    'share',
    offers,
    'Of the offers that a driver accepted, declined or let expire, the share that was accepted. Assignments by hand are no offers. Counts at the answer.',
  ),
  returns: ofDrivers(
    'share',
    returns,
    'Of the parcels that were delivered or came back, the share that came back. Counts at the end.',
  ),
  excursions: ofPharmacies(
    'share',
    null,
    'Of the parcels that must be kept cool, the share that was too warm or too cold on the way. Not measured yet.',
  ),
  no_shows: {
    ...ofPharmacies(
      'share',
      attendance,
      'Of the appointments for which the pharmacy received the customer or nobody came, the share to which nobody came. Counts when the appointment ended.',
    ),
    byService: true,
  },
}

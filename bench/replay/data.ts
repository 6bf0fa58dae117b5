/**
 * The replayed data: pharmacies, recorded positions of vehicles, trips. Pharmacies and trips are
 * kept in memory. Positions are streamed, once to survey them and once to send them.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../harness/options.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { readColumns } from './csv.ts'

export interface Box {
  latitudeMin: number
  latitudeMax: number
  longitudeMin: number
  longitudeMax: number
}
export interface PharmacyRow {
  name: string
  latitude: number
  longitude: number
}
export interface TripRow {
  pickupTs: number
  durationSeconds: number
  latitude: number
  longitude: number
}
export interface TracePoint {
  ts: number
  cab: string
  latitude: number
  longitude: number
}
export interface TraceSurvey {
  firstTs: number
  lastTs: number
  points: number
  cabs: string[]
}

const pharmaciesMax = 20_000
const cabsMax = 5_000
const tripsMax = 200_000

/** A path as given, or inside CADUCEUS_DATA. Throws UsageError when there is no such file. */
export function dataFile(given: string): string {
  const folder = process.env['CADUCEUS_DATA']
  const candidates = [resolve(given), ...(folder === undefined ? [] : [resolve(folder, given)])]
  const found = candidates.find(path => existsSync(path))
  if (found === undefined)
    throw new UsageError(
      `${given}: no such file${folder === undefined ? '; CADUCEUS_DATA may name the folder it is in' : `, nor in CADUCEUS_DATA`}`,
    )
  return found
}

/** `lat1,lng1,lat2,lng2`, any two opposite corners. */
export function parseBox(text: string): Box {
  const numbers = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  const [lat1, lng1, lat2, lng2] = numbers as [number, number, number, number]
  if (
    numbers.length !== 4 ||
    !numbers.every(Number.isFinite) ||
    Math.abs(lat1) > 90 ||
    Math.abs(lat2) > 90 ||
    Math.abs(lng1) > 180 ||
    Math.abs(lng2) > 180
  )
    throw new UsageError(`--box: "${text}" is not lat1,lng1,lat2,lng2`)
  return {
    latitudeMin: Math.min(lat1, lat2),
    latitudeMax: Math.max(lat1, lat2),
    longitudeMin: Math.min(lng1, lng2),
    longitudeMax: Math.max(lng1, lng2),
  }
}

const inBox = (box: Box | null, latitude: number, longitude: number): boolean =>
  box === null ||
  (latitude >= box.latitudeMin &&
    latitude <= box.latitudeMax &&
    longitude >= box.longitudeMin &&
    longitude <= box.longitudeMax)

/** NaN for an empty text. */
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))
const onGlobe = (latitude: number, longitude: number): boolean =>
  Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180

const latitude = ['lat', 'latitude']
const longitude = ['lng', 'lon', 'long', 'longitude']

/** Pharmacies in the box. `unplaced`: rows without usable coordinates. */
export async function loadPharmacies(
  path: string,
  box: Box | null,
): Promise<{ pharmacies: PharmacyRow[]; unplaced: number }> {
  const pharmacies: PharmacyRow[] = []
  let unplaced = 0
  for await (const row of readColumns(path, {
    name: ['name', 'business_name'],
    latitude,
    longitude,
  })) {
    const lat = numberOf(row.latitude)
    const lng = numberOf(row.longitude)
    if (!onGlobe(lat, lng)) {
      unplaced++
      continue
    }
    if (!inBox(box, lat, lng)) continue
    if (pharmacies.length === pharmaciesMax)
      throw new UsageError(`${path}: more than ${pharmaciesMax} pharmacies; --box narrows them`)
    pharmacies.push({ name: row.name.slice(0, 200) || 'Pharmacy', latitude: lat, longitude: lng })
  }
  return { pharmacies, unplaced }
}

/**
 * Positions of the first `minutes`, in the file's order. Times are not cleaned, because the
 * late-data policy must handle bad ones.
 */
export async function* readTraces(
  path: string,
  minutes: number | null,
): AsyncGenerator<TracePoint> {
  let endTs = Infinity
  for await (const row of readColumns(path, {
    ts: ['unix_ts', 'timestamp', 'ts'],
    cab: ['cab_id', 'driver_id', 'vehicle_id'],
    latitude,
    longitude,
  })) {
    const ts = numberOf(row.ts)
    if (!Number.isFinite(ts)) continue
    if (endTs === Infinity && minutes !== null) endTs = ts + minutes * 60
    if (ts >= endTs) return
    yield { ts, cab: row.cab, latitude: numberOf(row.latitude), longitude: numberOf(row.longitude) }
  }
}

/**
 * Reads the traces once for the vehicles, the number of positions and the span of time. `minutes`:
 * only so many from the first position.
 */
export async function surveyTraces(path: string, minutes: number | null): Promise<TraceSurvey> {
  const cabs = new Set<string>()
  let firstTs = Infinity
  let lastTs = -Infinity
  let points = 0
  for await (const point of readTraces(path, minutes)) {
    points++
    cabs.add(point.cab)
    firstTs = Math.min(firstTs, point.ts)
    lastTs = Math.max(lastTs, point.ts)
    if (cabs.size > cabsMax) throw new UsageError(`${path}: more than ${cabsMax} vehicles`)
  }
  if (points === 0) throw new UsageError(`${path}: no positions`)
  return { firstTs, lastTs, points, cabs: [...cabs] }
}

/**
 * Trips that begin in the window and the box, by time. `zeroLength` counts trips that are left out.
 */
export async function loadTrips(
  path: string,
  window: { firstTs: number; lastTs: number },
  box: Box | null,
  limit: number | null,
): Promise<{ trips: TripRow[]; zeroLength: number }> {
  const trips: TripRow[] = []
  let zeroLength = 0
  const columns = {
    pickupTs: ['pickup_ts'],
    lat: ['pickup_lat'],
    lng: ['pickup_lng'],
    dropoffTs: ['dropoff_ts'],
  }
  for await (const row of readColumns(path, columns)) {
    const pickupTs = numberOf(row.pickupTs)
    const lat = numberOf(row.lat)
    const lng = numberOf(row.lng)
    if (
      !(pickupTs >= window.firstTs && pickupTs <= window.lastTs) ||
      !onGlobe(lat, lng) ||
      !inBox(box, lat, lng)
    )
      continue
    const durationSeconds = numberOf(row.dropoffTs) - pickupTs
    if (!(durationSeconds > 0)) {
      zeroLength++
      continue
    }
    if (trips.length === tripsMax)
      throw new UsageError(
        `${path}: more than ${tripsMax} trips; --limit-trips or --minutes narrows them`,
      )
    trips.push({ pickupTs, durationSeconds, latitude: lat, longitude: lng })
  }
  trips.sort((a, b) => a.pickupTs - b.pickupTs)
  return { trips: limit === null ? trips : trips.slice(0, limit), zeroLength }
}

/** Invents trips when none are recorded: people near pharmacies, at even times over the window. */
export function inventTrips(
  pharmacies: readonly PharmacyRow[],
  count: number,
  window: { firstTs: number; lastTs: number },
  seed: number,
): TripRow[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const near = pharmacies[Math.floor(random() * pharmacies.length)]!
    return {
      pickupTs: window.firstTs + ((window.lastTs - window.firstTs) * index) / count,
      durationSeconds: 300 + random() * 900,
      // Within about 1.5 km.
      latitude: near.latitude + (random() - 0.5) * 0.027,
      longitude: near.longitude + (random() - 0.5) * 0.04,
    }
  })
}

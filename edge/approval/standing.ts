/**
 * The standing of callers: the pharmacy's status and the driver's membership, as an edge needs them
 * at each request and for each socket. A token names the caller and not later decisions, so the row
 * is read. A read row is cached for seconds, and news of a decision takes effect at once.
 *
 * The truth is in the database. The hint that access ended makes every edge look, and an edge that
 * misses it looks by itself a little later, as with sign-ins (edge/accounts/ended-access.ts). News
 * overrides a row that was read before it, because a read may be under way. A row newer than the
 * news makes this edge look first: another edge made the decision, and its hint is still under way.
 * Rejected: a claim in the token, which lives for a quarter of an hour after a suspension.
 * Rejected: a list of all who wait, which strangers could make as long as they like.
 */
import type { Logger } from 'pino'
import { sql } from 'kysely'
import type { PharmacyStatus } from '../../protocol/pharmacies/statuses.ts'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { Membership } from '../../protocol/drivers/statuses.ts'
import type { Standing } from '../kernel/identity.ts'
import { createLooks } from '../accounts/looks.ts'
import type { Standings, StandingNews, PharmacyNews } from '../kernel/standing.ts'
import { paperStandings, readRequired, whyPapers, type Required } from '../kernel/paper-facts.ts'
import { BoundedCache } from '../kernel/bounded-cache.ts'
import { gathered } from '../kernel/gathered.ts'
import { approvalLimits } from './limits.ts'

export interface StandingsDeps {
  database: Database
  bus: Bus
  log: Logger
  nowMs(): number
  after(ms: number, run: () => void): () => void
}

/**
 * Time of the last decision upon a row. The PostgreSQL driver returns the number minus infinity for
 * a row without one.
 */
type DecidedAt = Date | number
interface PharmacyRow {
  id: string
  status: PharmacyStatus
  standing_at: DecidedAt
}
interface DriverRow {
  id: string
  membership: Membership
  standing_at: DecidedAt
  vendor_id: string
  vendor_status: PharmacyStatus | null
  vendor_standing_at: DecidedAt | null
  carries: boolean
}

/**
 * Tolerance for clocks that differ between edges and the database, and for transactions that commit
 * after their trigger read the clock.
 */
const slackMs = 60_000
const full: Standing = { access: 'full', why: '' }

const whyPharmacy: Record<Exclude<PharmacyStatus, 'active'>, string> = {
  pending: 'an administrator has not decided upon this pharmacy yet',
  suspended: 'this pharmacy is suspended',
  rejected: 'this pharmacy was not approved',
}
const whyDriver: Record<Exclude<Membership, 'active'>, string> = {
  pending: 'the pharmacy has not agreed yet',
  ended: 'you do not belong to this pharmacy any more',
}

const whyHeld = 'papers are missing, or not good any more'

const ofPharmacy = (status: PharmacyStatus, held: string | null): Standing =>
  status === 'active' && held === null
    ? full
    : { access: 'none', why: status === 'active' ? held! : whyPharmacy[status] }
function ofDriver(
  membership: Membership,
  pharmacyStatus: PharmacyStatus,
  carries: boolean,
  pharmacyId: string,
  held: { driver: string | null; pharmacy: string | null },
): Standing {
  const works = pharmacyStatus === 'active' && held.pharmacy === null
  if (membership === 'active' && works && held.driver === null) return { ...full, pharmacyId }
  const why =
    membership !== 'active'
      ? whyDriver[membership]
      : works
        ? held.driver!
        : `your pharmacy does not work at present: ${held.pharmacy ?? pharmacyStatus}`
  return { access: carries && membership !== 'pending' ? 'carrying' : 'none', why, pharmacyId }
}

/** Neither a decision nor papers keep the pharmacy from work. */
const works = ({ status, held }: PharmacyNews): boolean => status === 'active' && !held

/** Has no news until the first `announce`, which the start of an edge awaits. */
export function createStandings({ database, bus, log, nowMs, after }: StandingsDeps): Standings {
  const { pool, kysely: db } = database
  const pharmacyRow = gathered<PharmacyRow>(async ids => {
    const { rows } = await pool.query<PharmacyRow>({
      name: 'standing_vendors',
      text: 'select id, status, standing_at from vendors where id = any($1::uuid[])',
      values: [ids],
    })
    return new Map(rows.map(row => [row.id, row]))
  })
  const driverRow = gathered<DriverRow>(async ids => {
    const { rows } = await pool.query<DriverRow>({
      name: 'standing_drivers',
      text: `select d.id, d.membership, d.standing_at, d.vendor_id, v.status as vendor_status,
          v.standing_at as vendor_standing_at, d.active_order_ids <> '{}' as carries
        from drivers d left join vendors v on v.id = d.vendor_id where d.id = any($1::uuid[])`,
      values: [ids],
    })
    return new Map(rows.map(row => [row.id, row]))
  })
  /**
   * Standings with full access only. A lesser standing is read each time, because it ends with a
   * delivery.
   */
  const emptyCache = () =>
    new BoundedCache<Standing>(
      approvalLimits.standingCacheMax,
      approvalLimits.standingFreshMs,
      nowMs,
    )
  let known = emptyCache()
  const news = new Map<string, { one: StandingNews; atMs: number }>()
  const listeners: ((news: readonly StandingNews[]) => void)[] = []
  let lookedAtMs: number | null = null
  /** Without a requirement nobody's papers are read. */
  let required: Required = { roles: new Set(), version: '' }
  const papers = {
    pharmacy: gathered(ids => paperStandings(db, 'pharmacy', ids, nowMs())),
    driver: gathered(ids => paperStandings(db, 'driver', ids, nowMs())),
  }
  /** Why the papers keep somebody from work now; null when they do not. */
  const heldNow = async (role: keyof typeof papers, id: string): Promise<string | null> => {
    const standing = required.roles.has(role) ? await papers[role](id) : undefined
    return standing === undefined || standing.mayWork ? null : whyPapers(standing)
  }

  const pharmacyNews = (id: string): PharmacyNews | null => {
    const one = news.get(id)?.one
    return one?.kind === 'vendor' ? one : null
  }

  const read = async (): Promise<void> => {
    const atMs = nowMs()
    const since = new Date((lookedAtMs ?? atMs - approvalLimits.standingNewsMs) - slackMs)
    const [needed, pharmacies, drivers] = await Promise.all([
      readRequired(db),
      db
        .selectFrom('vendors')
        .select([
          'id',
          'status',
          'decision_reason',
          'latitude',
          'longitude',
          'moving_to_latitude',
          'moving_to_longitude',
          'papers_held',
          'standing_at',
        ])
        .where('standing_at', '>', since)
        .execute(),
      db
        .selectFrom('drivers')
        .select([
          'id',
          'membership',
          'papers_held',
          'standing_at',
          sql<boolean>`active_order_ids <> '{}'`.as('carries'),
        ])
        .where('standing_at', '>', since)
        .execute(),
    ])
    const stopped = pharmacies
      .filter(row => row.status !== 'active' || row.papers_held)
      .map(row => row.id)
    const carriers =
      stopped.length === 0
        ? []
        : await db
            .selectFrom('drivers')
            .select(['id', 'vendor_id'])
            .where('vendor_id', 'in', stopped)
            .where(sql<boolean>`active_order_ids <> '{}'`)
            .execute()
    lookedAtMs = atMs
    if (needed.version !== required.version) known = emptyCache()
    required = needed
    const fresh: StandingNews[] = []
    const take = (one: StandingNews, standingAt: Date): void => {
      if (news.get(one.id)?.atMs === standingAt.getTime()) return
      news.set(one.id, { one, atMs: standingAt.getTime() })
      known.delete(one.id)
      fresh.push(one)
    }
    for (const {
      standing_at,
      decision_reason,
      moving_to_latitude,
      moving_to_longitude,
      id,
      status,
      papers_held: held,
      latitude,
      longitude,
    } of pharmacies)
      take(
        {
          kind: 'vendor',
          id,
          status,
          held,
          latitude,
          longitude,
          reason: decision_reason,
          movingTo:
            moving_to_latitude === null || moving_to_longitude === null
              ? null
              : { latitude: moving_to_latitude, longitude: moving_to_longitude },
          carrying: new Set(
            carriers.filter(driver => driver.vendor_id === id).map(driver => driver.id),
          ),
        },
        standing_at,
      )
    for (const { standing_at, id, membership, papers_held: held, carries } of drivers)
      take({ kind: 'driver', id, membership, held, carries }, standing_at)
    for (const [id, { atMs: newsAtMs }] of news)
      if (newsAtMs < atMs - approvalLimits.standingNewsMs - slackMs) news.delete(id)
    if (fresh.length > 0) for (const listener of listeners) listener(fresh)
  }
  const looks = createLooks(
    { bus, log, after },
    read,
    'decisions upon pharmacies and drivers could not be read; looking again',
  )

  /** True when a row shows a later decision than this edge's news of it. */
  const isNewer = (id: string, decidedAt: DecidedAt | null): boolean => {
    const heard = news.get(id)
    return heard !== undefined && decidedAt !== null && Number(decidedAt) > heard.atMs
  }

  const pharmacyStanding = async (id: string): Promise<Standing> => {
    const cached = known.get(id)
    if (cached !== undefined) return cached
    const row = await pharmacyRow(id)
    if (row === undefined) return full
    if (isNewer(id, row.standing_at)) await looks.look()
    // News that arrived during the read is newer than the row.
    const status = pharmacyNews(id)?.status ?? row.status
    const standing = ofPharmacy(status, await heldNow('pharmacy', id))
    if (standing.access === 'full') known.set(id, standing)
    return standing
  }
  const driverStanding = async (id: string): Promise<Standing> => {
    const cached = known.get(id)
    const employer = cached === undefined ? null : pharmacyNews(cached.pharmacyId!)
    if (cached !== undefined && (employer === null || works(employer))) return cached
    const row = await driverRow(id)
    if (row === undefined) return full
    if (isNewer(id, row.standing_at) || isNewer(row.vendor_id, row.vendor_standing_at))
      await looks.look()
    const heard = news.get(id)?.one
    const membership = heard?.kind === 'driver' ? heard.membership : row.membership
    const standing = ofDriver(
      membership,
      pharmacyNews(row.vendor_id)?.status ?? row.vendor_status ?? 'active',
      row.carries,
      row.vendor_id,
      {
        driver: await heldNow('driver', id),
        pharmacy: await heldNow('pharmacy', row.vendor_id),
      },
    )
    if (standing.access === 'full') known.set(id, standing)
    return standing
  }

  return {
    async of({ role, pharmacyId, driverId }) {
      if (role === 'vendor' && pharmacyId !== null) return pharmacyStanding(pharmacyId)
      if (role === 'driver' && driverId !== null) return driverStanding(driverId)
      return full
    },
    taken({ role, pharmacyId, driverId, standing }) {
      if (role === 'vendor' && pharmacyId !== null) {
        const heard = pharmacyNews(pharmacyId)
        return heard === null || works(heard)
          ? null
          : ofPharmacy(heard.status, heard.held ? whyHeld : null)
      }
      if (role !== 'driver' || driverId === null) return null
      const own = news.get(driverId)?.one
      const employer = standing?.pharmacyId === undefined ? null : pharmacyNews(standing.pharmacyId)
      const membership = own?.kind === 'driver' ? own.membership : 'active'
      const now = ofDriver(
        membership,
        employer?.status ?? 'active',
        (own?.kind === 'driver' && own.carries) || employer?.carrying.has(driverId) === true,
        standing?.pharmacyId ?? '',
        {
          driver: own?.kind === 'driver' && own.held ? whyHeld : null,
          pharmacy: employer?.held === true ? whyHeld : null,
        },
      )
      return now.access === 'full' ? null : now
    },
    announce: looks.announce,
    onNews(listener) {
      listeners.push(listener)
    },
    close: looks.close,
  }
}

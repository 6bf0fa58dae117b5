/**
 * Links to calendars: `/api/calendar-feeds` makes and ends them, `/calendar/{secret}.ics` is the
 * calendar. A link is shown once and its secret is stored as a hash. It has the rights of whoever
 * made it at the time of each reading: a link of a pharmacy that is suspended opens nothing.
 *
 * A link of the kind `member` shows the services that one of the staff attends. It is of a member of
 * the pharmacy, and opens nothing when the member leaves. Somebody without an account is a name, and
 * the pharmacy ends the link.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type { CalendarFeedsTable } from '../../migrations/database/tables-appointments.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { initialsOf } from '../../protocol/orders/area.ts'
import { accountById } from '../accounts/accounts.ts'
import { hashToken } from '../accounts/tokens.ts'
import type { Identity } from '../kernel/identity.ts'
import { requireRole } from '../kernel/member-rights.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, PersonName, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { managedService } from '../services/records.ts'
import { managedVendor } from '../services/routes.ts'
import { calendarOf } from './calendar.ts'
import type { VisitContext } from './context.ts'
import { visitLimits } from './limits.ts'

const tags = ['appointments']
const kinds = ['user', 'vendor', 'service', 'member'] as const
const auth = ['user', 'vendor', 'admin'] as const
const secretBytes = 24

const FeedView = Type.Object({
  id: Uuid,
  kind: Type.Enum([...kinds]),
  subject_id: Uuid,
  service_ids: nullable(Type.Array(Uuid)),
  member_id: nullable(Uuid),
  name: Type.String(),
  created_at: Timestamp,
  ended_at: nullable(Timestamp),
  read_at: nullable(Timestamp),
})
type FeedRow = Selectable<CalendarFeedsTable>
const view = ({
  id,
  kind,
  subject_id,
  service_ids,
  member_id,
  name,
  created_at,
  ended_at,
  read_at,
}: FeedRow) => ({
  id,
  kind,
  subject_id,
  service_ids,
  member_id,
  name,
  created_at,
  ended_at,
  read_at,
})

/** The rows of calendar links. */
export function feedRoutes(ctx: VisitContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** The record whose appointments a new link shows. Throws where it is not the caller's. */
  const subjectOf = async (
    identity: Identity,
    kind: (typeof kinds)[number],
    id: string | undefined,
  ): Promise<string> => {
    if (kind === 'user') {
      if (identity.role !== 'user' && identity.role !== 'admin')
        throw invalid([{ field: 'kind', rule: 'must be vendor, service or member for a pharmacy' }])
      return identity.userId
    }
    if (identity.role === 'user')
      throw invalid([{ field: 'kind', rule: 'must be user for a customer' }])
    if (kind === 'vendor' || kind === 'member') {
      const vendorId = id ?? identity.pharmacyId
      if (vendorId === null) throw invalid([{ field: 'subject_id', rule: 'must name a pharmacy' }])
      return (await managedVendor(ctx, identity, vendorId)).id
    }
    if (id === undefined) throw invalid([{ field: 'subject_id', rule: 'must name a service' }])
    return (await managedService(db, identity, id)).id
  }

  /** The services of a member's link. Throws where one is not of the pharmacy. */
  const servicesOf = async (
    { kind, service_ids }: { kind: string; service_ids?: string[] },
    vendorId: string,
  ): Promise<string[] | null> => {
    if (kind !== 'member') {
      if (service_ids === undefined) return null
      throw invalid([{ field: 'service_ids', rule: 'is for the kind member' }])
    }
    if (service_ids === undefined)
      throw invalid([{ field: 'service_ids', rule: 'must name the services of the member' }])
    const known = await db
      .selectFrom('services')
      .select('id')
      .where('id', 'in', service_ids)
      .where('vendor_id', '=', vendorId)
      .execute()
    if (known.length < service_ids.length)
      throw new CaduceusError('service_not_found', 'no such service of this pharmacy', [
        { field: 'service_ids', rule: 'must be services of the pharmacy' },
      ])
    return service_ids
  }

  /** The member of a link and the name of its calendar. Throws where the caller may not name them. */
  const memberOf = async (
    identity: Identity,
    { kind, member_id, name }: { kind: string; member_id?: string; name?: string },
    vendorId: string,
  ): Promise<{ id: string | null; name: string }> => {
    if (kind !== 'member') {
      if (member_id === undefined) return { id: null, name: name ?? 'Appointments' }
      throw invalid([{ field: 'member_id', rule: 'is for the kind member' }])
    }
    if (member_id === undefined) {
      if (name === undefined)
        throw invalid([{ field: 'name', rule: 'or member_id must say who the member is' }])
      return { id: null, name }
    }
    const member = await db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.user_id', 'users.full_name'])
      .where('members.id', '=', member_id)
      .where('members.vendor_id', '=', vendorId)
      .where('members.ended_at', 'is', null)
      .executeTakeFirst()
    if (member === undefined) throw new CaduceusError('not_found', 'no such member of the pharmacy')
    if (member.user_id !== identity.userId)
      requireRole(identity, 'owner', 'the calendar of another member')
    return { id: member_id, name: name ?? member.full_name }
  }

  return [
    route({
      method: 'POST',
      path: '/api/calendar-feeds',
      operationId: 'createCalendarFeed',
      summary:
        "A link under which calendars read one's own appointments, those of the pharmacy, of one service, or of a member of the staff; it is shown once",
      tags,
      auth,
      body: closedObject({
        kind: Type.Enum([...kinds]),
        subject_id: Type.Optional(Uuid),
        service_ids: Type.Optional(
          Type.Array(Uuid, {
            minItems: 1,
            maxItems: visitLimits.memberServicesMax,
            uniqueItems: true,
            description: 'The services that the member attends',
          }),
        ),
        member_id: Type.Optional(
          Type.String({ ...Uuid, description: 'The member of the pharmacy whose calendar it is' }),
        ),
        name: Type.Optional(PersonName),
      }),
      responses: {
        201: {
          description: 'The link',
          schema: Type.Object({
            feed: FeedView,
            url: Type.String({ description: 'Whoever knows it may read' }),
          }),
        },
      },
      errors: ['vendor_not_found', 'service_not_found', 'not_found', 'subscription_limit_reached'],
      handler: async ({ identity, body, origin }) => {
        const subjectId = await subjectOf(identity, body.kind, body.subject_id)
        const serviceIds = await servicesOf(body, subjectId)
        const member = await memberOf(identity, body, subjectId)
        const { count } = await db
          .selectFrom('calendar_feeds')
          .select(eb => eb.fn.countAll<number>().as('count'))
          .where('account_id', '=', identity.userId)
          .where('ended_at', 'is', null)
          .executeTakeFirstOrThrow()
        if (count >= visitLimits.feedsMax)
          throw new CaduceusError(
            'subscription_limit_reached',
            `an account has at most ${visitLimits.feedsMax} calendar links`,
          )
        const secret = randomBytes(secretBytes).toString('base64url')
        const row = await db
          .insertInto('calendar_feeds')
          .values({
            id: uuidV7(ctx.nowMs(), ctx.random),
            account_id: identity.userId,
            kind: body.kind,
            subject_id: subjectId,
            service_ids: serviceIds,
            member_id: member.id,
            name: member.name,
            secret_hash: hashToken(secret),
            created_at: new Date(ctx.nowMs()),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const base = origin ?? `http://${ctx.config.host}:${ctx.config.port}`
        return {
          status: 201,
          body: { feed: view(row), url: `${base}/calendar/${secret}.ics` },
          headers: { 'cache-control': 'no-store' },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/calendar-feeds',
      operationId: 'listCalendarFeeds',
      summary: "The caller's calendar links that have not ended",
      tags,
      auth,
      responses: {
        200: {
          description: 'All of them',
          schema: Type.Object({ feeds: Type.Array(FeedView) }),
        },
      },
      handler: async ({ identity }) => {
        const rows = await db
          .selectFrom('calendar_feeds')
          .selectAll()
          .where('account_id', '=', identity.userId)
          .where('ended_at', 'is', null)
          .orderBy('id')
          .execute()
        return { status: 200, body: { feeds: rows.map(view) } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/calendar-feeds/:id',
      operationId: 'endCalendarFeed',
      summary: 'End a calendar link; it opens nothing from now on',
      tags,
      auth,
      params: Type.Object({ id: Uuid }),
      responses: { 204: { description: 'It has ended' } },
      errors: ['not_found'],
      handler: async ({ identity, params }) => {
        const ended = await db
          .updateTable('calendar_feeds')
          .set({ ended_at: new Date(ctx.nowMs()) })
          .where('id', '=', params.id)
          .where('account_id', '=', identity.userId)
          .where('ended_at', 'is', null)
          .returning('id')
          .executeTakeFirst()
        if (ended === undefined) throw new CaduceusError('not_found', 'no such calendar link')
        return { status: 204 }
      },
    }),
    route({
      method: 'GET',
      path: '/calendar/:file',
      operationId: 'readCalendarFeed',
      summary: 'The calendar of a link; ask again with its ETag',
      tags,
      auth: 'none',
      audit: false,
      params: Type.Object({
        file: Type.String({
          pattern: '^[A-Za-z0-9_-]{32}\\.ics$',
          'x-rule': 'must be the file of a calendar link',
        }),
      }),
      responses: {
        200: { description: 'The calendar', contentType: 'text/calendar' },
        304: { description: 'It has not changed' },
      },
      errors: ['not_found'],
      handler: async ({ params, headers }) => {
        const feed = await openFeed(params.file.slice(0, -'.ics'.length))
        const body = calendarOf(feed.name, await entriesOf(feed))
        const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
        const kept = { etag, 'cache-control': 'private, no-cache' }
        const isKnown = headers['if-none-match']?.split(',').some(tag => tag.trim() === etag)
        return isKnown === true
          ? { status: 304, headers: kept }
          : {
              status: 200,
              body,
              headers: { ...kept, 'content-type': 'text/calendar; charset=utf-8' },
            }
      },
    }),
  ]

  /** Throws `not_found`, alike for a link that never was and one that has ended. */
  async function openFeed(secret: string): Promise<FeedRow> {
    const row = await db
      .selectFrom('calendar_feeds')
      .selectAll()
      .where('secret_hash', '=', hashToken(secret))
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    const now = ctx.nowMs()
    if (row === undefined || !(await mayStillRead(row)))
      throw new CaduceusError('not_found', 'no such calendar')
    // A row for each reading would be a write for each reading.
    if (row.read_at === null || now - row.read_at.getTime() > dayMs / 24)
      await db
        .updateTable('calendar_feeds')
        .set({ read_at: new Date(now) })
        .where('id', '=', row.id)
        .execute()
    return row
  }

  /** Has the maker of the link, as the account is now, the right to make it? */
  async function mayStillRead({
    account_id,
    kind,
    subject_id,
    member_id,
  }: FeedRow): Promise<boolean> {
    if (member_id !== null && !(await isStillMember(member_id))) return false
    const account = await accountById(db, account_id)
    if (account === null || !account.is_active) return false
    const { role, vendor_id: pharmacyId } = account
    if (kind === 'user') return role === 'user' || role === 'admin'
    if (role === 'admin') return true
    if (role !== 'vendor' || pharmacyId === null) return false
    if (kind === 'vendor' || kind === 'member') return pharmacyId === subject_id
    const service = await db
      .selectFrom('services')
      .select('vendor_id')
      .where('id', '=', subject_id)
      .executeTakeFirst()
    return service?.vendor_id === pharmacyId
  }

  async function isStillMember(id: string): Promise<boolean> {
    const row = await db
      .selectFrom('members')
      .select('id')
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    return row !== undefined
  }

  /** Those from yesterday on come first into a full calendar, and then the latest before them. */
  async function entriesOf({ kind, subject_id, service_ids }: FeedRow) {
    const columns = {
      user: 'user_id',
      vendor: 'vendor_id',
      service: 'service_id',
      member: 'service_id',
    } as const
    const { feedEventsMax, feedPastDays } = visitLimits
    const [oldest, yesterday] = [feedPastDays, 1].map(days => new Date(ctx.nowMs() - days * dayMs))
    const found = db
      .selectFrom('appointments')
      .innerJoin('vendors', 'vendors.id', 'appointments.vendor_id')
      .select([
        'record',
        'business_name',
        'address',
        'vendors.status as vendor_status',
        'papers_held',
      ])
      .where(`appointments.${columns[kind]}`, 'in', service_ids ?? [subject_id])
    const next = await found
      .where('start_at', '>', yesterday!)
      .orderBy('start_at')
      .orderBy('appointments.id')
      .limit(feedEventsMax)
      .execute()
    const before = await found
      .where('start_at', '>', oldest!)
      .where('start_at', '<=', yesterday!)
      .orderBy('start_at', 'desc')
      .orderBy('appointments.id', 'desc')
      .limit(feedEventsMax - next.length)
      .execute()
    return [...before.toReversed(), ...next]
      .filter(
        ({ vendor_status, papers_held }) =>
          kind === 'user' || (vendor_status === 'active' && !papers_held),
      )
      .map(({ record, business_name, address }) => ({
        record,
        summary:
          kind === 'user'
            ? `Appointment at ${business_name}`
            : `Appointment ${initialsOf(record.customer_name)}`,
        location: address,
      }))
  }
}

/**
 * Calendar links, read back by ical.js and by Debian's khal: times through changes of the clock,
 * sequences, cancellations, texts, and links that have ended.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ICAL from 'ical.js'
import { sql } from 'kysely'
import t from 'tap'
import { flu } from '../../protocol/dispatch/appointment-examples.ts'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import { calendarOf } from './calendar.ts'
import { newPharmacy } from '../acceptance/people.ts'
import { startVisits } from './fixture.ts'
import { visitLimits } from './limits.ts'

/** Is the program installed? With REQUIRE_SERVICES=1 it must be. */
function hasKhal(): boolean {
  try {
    execFileSync('khal', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const skipKhal =
  hasKhal() || process.env['REQUIRE_SERVICES'] === '1'
    ? false
    : 'install khal (apt-get install khal)'

const record = (given: Partial<AppointmentView>): AppointmentView => ({
  id: '019a9d2e-7e3c-7e5d-9b32-5d3f4c6e7081',
  service_id: '019a9d2e-0004-7aaa-8bbb-000000000004',
  vendor_id: '019a9d2e-0002-7aaa-8bbb-000000000002',
  user_id: '019a9d2e-0001-7aaa-8bbb-000000000001',
  service_name: flu.name,
  status: 'booked',
  customer_name: 'John Doe',
  customer_phone: '555',
  notes: 'a secret note',
  start: null,
  end: null,
  start_local: null,
  time_zone: 'UTC',
  wish: null,
  missing: [],
  offered: false,
  held_until: null,
  steps: [],
  reminders: [],
  sequence: 0,
  rescheduled_from: null,
  price: null,
  currency: 'USD',
  check_in_code: 'code',
  cancel_cause: null,
  reason: null,
  created_at: '2027-01-01T00:00:00.000Z',
  updated_at: '2027-01-02T00:00:00.000Z',
  booked_at: null,
  arrived_at: null,
  checked_in_at: null,
  ended_at: null,
  ...given,
})
const hourLater = (start: string): string => new Date(Date.parse(start) + 3_600_000).toISOString()
const entry = (
  id: number,
  time_zone: string,
  start: string,
  given: Partial<AppointmentView> = {},
) => ({
  record: record({
    id: `019a9d2e-7e3c-7e5d-9b32-${String(id).padStart(12, '0')}`,
    time_zone,
    start,
    end: hourLater(start),
    ...given,
  }),
  summary: 'Appointment at Citý; Pharmacy, Ltd. with a name that is longer than one line of it',
  location: '1 Main St, Kathmandu',
})

/** Times on both sides of every change of the clock, in the hour that repeats too. */
const times: [zone: string, start: string, local: string][] = [
  ['America/New_York', '2027-03-14T06:30:00.000Z', '2027-03-14T01:30:00'],
  ['America/New_York', '2027-03-14T07:30:00.000Z', '2027-03-14T03:30:00'],
  ['America/New_York', '2027-11-07T14:00:00.000Z', '2027-11-07T09:00:00'],
  ['Europe/London', '2027-03-28T09:00:00.000Z', '2027-03-28T10:00:00'],
  ['Europe/London', '2027-10-31T09:00:00.000Z', '2027-10-31T09:00:00'],
  ['Australia/Lord_Howe', '2027-04-03T22:30:00.000Z', '2027-04-04T09:00:00'],
  ['Asia/Kathmandu', '2027-04-03T03:15:00.000Z', '2027-04-03T09:00:00'],
  // A year that has passed: Morocco decides late, so versions of Node disagree about those to come.
  ['Africa/Casablanca', '2025-02-22T08:00:00.000Z', '2025-02-22T09:00:00'],
  ['Africa/Casablanca', '2025-02-24T09:00:00.000Z', '2025-02-24T09:00:00'],
]
const calendar = calendarOf('Mine; yours, ours', [
  ...times.map(([zone, start], i) => entry(i, zone, start)),
  entry(20, 'UTC', '2027-05-05T10:00:00.000Z', { status: 'cancelled', sequence: 3 }),
  entry(21, 'UTC', '2027-05-06T10:00:00.000Z', { status: 'pending' }),
])

/** Reads a calendar as a client would, with its zones. */
function read(text: string) {
  const root = new ICAL.Component(ICAL.parse(text) as [])
  for (const zone of root.getAllSubcomponents('vtimezone'))
    ICAL.TimezoneService.register(new ICAL.Timezone(zone))
  const events = root.getAllSubcomponents('vevent').map(one => new ICAL.Event(one))
  return { root, events }
}

t.test('ical.js reads the same times, sequences, states and texts', async t => {
  const { root, events } = read(calendar)
  t.equal(root.getFirstPropertyValue('method'), 'PUBLISH')
  t.equal(root.getFirstPropertyValue('x-wr-calname'), 'Mine yours ours')
  t.equal(events.length, times.length + 2)
  for (const [i, [zone, start, local]] of times.entries()) {
    const { startDate, endDate } = events[i]!
    t.equal(startDate.toJSDate().toISOString(), start, `${zone} ${start}`)
    t.equal(startDate.toString(), local)
    t.equal(endDate.toJSDate().toISOString(), hourLater(start))
  }
  const [cancelled, pending] = events.slice(-2)
  t.equal(cancelled!.component.getFirstPropertyValue('status'), 'CANCELLED')
  t.equal(cancelled!.sequence, 3)
  t.equal(pending!.component.getFirstPropertyValue('status'), 'TENTATIVE')
  t.match(events[0], {
    summary: 'Appointment at Citý; Pharmacy, Ltd. with a name that is longer than one line of it',
    location: '1 Main St, Kathmandu',
    uid: /@caduceus$/,
  })
  for (const line of calendar.split('\r\n')) t.ok(Buffer.byteLength(line) <= 75, line)
  t.notMatch(calendar.replaceAll('\r\n', ''), '\n')
  t.notMatch(calendar, /Flu|John|secret/)
})

t.test('khal reads the same times', { skip: skipKhal }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'khal-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'calendar'))
  // khal keeps one event in each file, with its zones.
  const head = calendar.slice(0, calendar.indexOf('BEGIN:VEVENT'))
  for (const [i, event] of calendar.split('BEGIN:VEVENT').slice(1).entries())
    writeFileSync(
      join(folder, 'calendar', `${i}.ics`),
      `${head}BEGIN:VEVENT${event.split('END:VEVENT')[0]}END:VEVENT\r\nEND:VCALENDAR\r\n`,
    )
  writeFileSync(
    join(folder, 'config'),
    `[calendars]\n[[one]]\npath = ${folder}/calendar\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n[sqlite]\npath = ${folder}/db\n`,
  )
  const listed = execFileSync(
    'khal',
    [
      '-c',
      join(folder, 'config'),
      'list',
      '--format',
      '{start-long}|{uid}|{status}',
      '--day-format',
      '',
      '2025-01-01',
      '1095d',
    ],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', XDG_CACHE_HOME: folder } },
  )
  const rows = new Map(
    listed
      .split('\n')
      .filter(line => line.includes('|'))
      .map(line => line.split('|'))
      .map(([start, uid, status]) => [uid!, { start, status: status!.trim() }]),
  )
  for (const [i, [, start]] of times.entries())
    t.equal(
      rows.get(`019a9d2e-7e3c-7e5d-9b32-${String(i).padStart(12, '0')}@caduceus`)?.start,
      start.slice(0, 16).replace('T', ' '),
      start,
    )
  t.match(rows.get('019a9d2e-7e3c-7e5d-9b32-000000000020@caduceus'), { status: 'CANCELLED' })
})

const edge = await startVisits()
t.teardown(() => edge.stop())
const { call, done, pharmacy } = edge

t.test('a link shows what its maker may see, until it ends', async t => {
  const ann = await edge.customer()
  const service = await edge.service({ name: 'Methadone' })
  const [start, later] = await edge.slots(service.id)
  const { body: made } = await edge.book(ann, service.id, start!, { notes: 'private' })
  const link = async (by: { token: string }, body: object) => {
    const { feed, url } = await done(by, 'POST', '/api/calendar-feeds', body)
    return { feed, path: new URL(url).pathname as string }
  }
  const own = await link(ann, { kind: 'user', name: 'Mine' })
  const theirs = await link(pharmacy, { kind: 'vendor' })
  const ofService = await link(pharmacy, { kind: 'service', subject_id: service.id })
  const first = await call(null, 'GET', own.path)
  t.match(first.headers.get('content-type'), 'text/calendar')
  t.match(read(first.body).events[0], {
    uid: `${made.id}@caduceus`,
    summary: 'Appointment at City Pharmacy',
    sequence: 0,
  })
  for (const { path } of [own, theirs, ofService]) {
    const { body } = await call(null, 'GET', path)
    t.equal(read(body).events.length, 1)
    t.notMatch(body, /Methadone|private|John/, 'no medicine, note or name')
  }
  const etag = first.headers.get('etag')!
  t.equal((await call(null, 'GET', own.path, undefined, { 'if-none-match': etag })).status, 304)

  await done(ann, 'POST', `/api/appointments/${made.id}/reschedule`, { start: later })
  const moved = await call(null, 'GET', own.path, undefined, { 'if-none-match': etag })
  t.match(read(moved.body).events[0], { sequence: 1 })
  t.equal(read(moved.body).events[0]!.startDate.toJSDate().toISOString(), later)
  await done(ann, 'POST', `/api/appointments/${made.id}/cancel`, {})
  const gone = read((await call(null, 'GET', own.path)).body).events[0]!
  t.match(gone, { sequence: 2 })
  t.equal(gone.component.getFirstPropertyValue('status'), 'CANCELLED')

  const { kysely } = edge.edge.parts.database
  const hold = (papers_held: boolean) =>
    kysely
      .updateTable('vendors')
      .set({ papers_held })
      .where('id', '=', pharmacy.pharmacyId)
      .execute()
  const counts = () =>
    Promise.all(
      [own, theirs, ofService].map(
        async ({ path }) => read((await call(null, 'GET', path)).body).events.length,
      ),
    )
  await hold(true)
  t.same(await counts(), [1, 0, 0], 'a pharmacy whose papers are over reads nothing')
  await hold(false)
  t.same(await counts(), [1, 1, 1])

  t.equal((await done(ann, 'GET', '/api/calendar-feeds')).feeds.length, 1)
  t.equal((await call(pharmacy, 'DELETE', `/api/calendar-feeds/${own.feed.id}`)).status, 404)
  t.equal((await call(ann, 'DELETE', `/api/calendar-feeds/${own.feed.id}`)).status, 204)
  t.equal((await call(null, 'GET', own.path)).status, 404)
  t.equal((await call(null, 'GET', `/calendar/${'x'.repeat(32)}.ics`)).status, 404)
  t.equal((await call(ann, 'POST', '/api/calendar-feeds', { kind: 'vendor' })).status, 400)

  // A link lives no longer than the right of its maker.
  const become = (change: object) =>
    kysely.updateTable('users').set(change).where('id', '=', pharmacy.id).execute()
  const statusesOf = async () =>
    Promise.all([theirs, ofService].map(async ({ path }) => (await call(null, 'GET', path)).status))
  await become({ role: 'user' })
  t.same(await statusesOf(), [404, 404], 'of a former pharmacy account')
  await become({ role: 'vendor' })
  t.same(await statusesOf(), [200, 200])
  const other = await newPharmacy(edge.url, 'Other Pharmacy', 27.9, 85.33)
  await kysely
    .updateTable('calendar_feeds')
    .set({ account_id: other.id })
    .where('id', 'in', [theirs.feed.id, ofService.feed.id])
    .execute()
  t.same(await statusesOf(), [404, 404], 'of another pharmacy')
  t.equal(
    (await call(ann, 'POST', '/api/calendar-feeds', { kind: 'service', subject_id: service.id }))
      .status,
    400,
  )
})

t.test('the link of a member shows the services that the member attends', async t => {
  const ann = await edge.customer()
  const services = await Promise.all([edge.service(), edge.service(), edge.service()])
  const [first, second, third] = services.map(({ id }) => id as string)
  const made = await Promise.all(
    services.map(async ({ id }) => {
      const [start] = await edge.slots(id)
      return (await edge.book(ann, id, start!)).body.id as string
    }),
  )
  const link = (by: { token: string }, more: object) =>
    call(by, 'POST', '/api/calendar-feeds', { kind: 'member', ...more })
  const { body } = await link(pharmacy, { name: 'Mina Rai', service_ids: [first, second] })
  t.match(body.feed, { kind: 'member', subject_id: pharmacy.pharmacyId, name: 'Mina Rai' })
  t.same(body.feed.service_ids, [first, second])
  const { pathname } = new URL(body.url)
  const shown = async () =>
    read((await call(null, 'GET', pathname)).body).events.map(one => one.uid)
  t.same(
    new Set(await shown()),
    new Set(made.slice(0, 2).map(id => `${id}@caduceus`)),
    'of two services, not of the third',
  )
  const other = await newPharmacy(edge.url, 'Third Pharmacy', 28.4, 85.33)
  for (const [by, more, status, code, field] of [
    [pharmacy, { name: 'Mina' }, 400, 'invalid_request', 'service_ids'],
    [pharmacy, { service_ids: [third] }, 400, 'invalid_request', 'name'],
    [pharmacy, { name: 'Mina', service_ids: [] }, 400, 'invalid_request', 'service_ids'],
    [other, { name: 'Mina', service_ids: [third] }, 404, 'service_not_found', 'service_ids'],
    [pharmacy, { kind: 'vendor', service_ids: [third] }, 400, 'invalid_request', 'service_ids'],
    [ann, { name: 'Mina', service_ids: [third] }, 400, 'invalid_request', 'kind'],
  ] as const) {
    const answer = await link(by, more)
    t.match(answer, { status, body: { code, fields: [{ field }] } })
  }
  await done(pharmacy, 'DELETE', `/api/calendar-feeds/${body.feed.id}`)
  t.equal((await call(null, 'GET', pathname)).status, 404, 'the member has left')
})

t.test('the link of a member of the pharmacy ends with the membership', async t => {
  const members = `/api/vendors/${pharmacy.pharmacyId}/members`
  const invitation = await done(pharmacy, 'POST', members, { role: 'assistant', name: 'Mina' })
  const person = { email: 'mina@example.com', phone: '+1234567890', password: 'securepassword123' }
  const mina = await done(null, 'POST', '/api/members/register', {
    ...person,
    full_name: 'Mina Rai',
    invitation_code: invitation.invitation_code,
  })
  const by = { token: mina.access_token as string }
  const { id } = await edge.service()
  const of = (who: { token: string }, member_id: string) =>
    call(who, 'POST', '/api/calendar-feeds', { kind: 'member', service_ids: [id], member_id })
  t.equal((await of(by, pharmacy.pharmacyId)).status, 403, 'not of the owner')
  t.equal((await of(pharmacy, id)).status, 404, 'no such member')
  const links = [await of(by, mina.member.id), await of(pharmacy, mina.member.id)]
  const read = async () =>
    Promise.all(
      links.map(async ({ body }) => (await call(null, 'GET', new URL(body.url).pathname)).status),
    )
  t.match(links[1], {
    status: 201,
    body: { feed: { name: 'Mina Rai', member_id: mina.member.id } },
  })
  t.same(await read(), [200, 200])
  await done(pharmacy, 'DELETE', `${members}/${mina.member.id}`)
  t.same(await read(), [404, 404])
})

t.test('a full calendar shows what is to come first, and then the latest before', async t => {
  const ann = await edge.customer()
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const { body: made } = await edge.book(ann, service.id, start!)
  const ofService = { kind: 'service', subject_id: service.id }
  const { url } = await done(pharmacy, 'POST', '/api/calendar-feeds', ofService)
  const count = visitLimits.feedEventsMax + 100
  // Copies of the appointment, one for each half hour before it, the last two days ago.
  await sql`insert into appointments
    select overlay(id::text placing lpad(n::text, 12, '0') from 25)::uuid, service_id, vendor_id,
      user_id, created_at, 'fulfilled', start_at - step.by, end_at - step.by, updated_at, ended_at,
      (record::jsonb || jsonb_build_object(
        'id', overlay(id::text placing lpad(n::text, 12, '0') from 25),
        'start', to_char((start_at - step.by) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'end', to_char((end_at - step.by) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))::json,
      version
    from appointments, generate_series(1, ${count}) as n,
      lateral (select interval '2 days' + n * interval '30 minutes' as by) as step
    where id = ${made.id}`.execute(edge.edge.parts.database.kysely)
  const { events } = read((await call(null, 'GET', new URL(url).pathname)).body)
  t.equal(events.length, visitLimits.feedEventsMax)
  const startsMs = events.map(({ startDate }) => startDate.toJSDate().getTime())
  t.same(
    startsMs,
    startsMs.toSorted((a, b) => a - b),
  )
  t.equal(events.at(-1)!.uid, `${made.id}@caduceus`, 'the one to come is there')
  t.equal(
    startsMs.at(-2),
    Date.parse(start!) - (2 * 24 * 60 + 30) * 60_000,
    'and before it the latest, not the oldest',
  )
})

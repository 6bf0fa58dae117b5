/**
 * The SQL of the journal except the append (`append.ts`): fixed texts, prepared once per connection
 * under their names. Rejected: texts built per call, which are parsed and planned anew for each
 * group. Rejected: a query builder, which spends 80 µs on an insert of 64 rows.
 *
 * Rows of `slots` and `slot_progress` are always locked in the order of their number, so two
 * statements cannot deadlock.
 */
import { deliveringStatuses } from '../../protocol/orders/statuses.ts'

/** The statement has a name, so node-postgres prepares it once per connection. */
const statement = (name: string, text: string) => ({ name: `journal_${name}`, text })

const storedEventColumns =
  'actor_id, version, slot, seq, kind, at, type, v, command_id, acted_by, data'
const snapshotColumns = 'actor_id, slot, kind, version, finished, bytes'

const setFromExcluded = (columns: string): string =>
  columns
    .split(', ')
    .map(column => `${column} = excluded.${column}`)
    .join(', ')

export const statements = {
  /**
   * Counts how many of these events are stored; this tells a lost reply from a lost write. All
   * fields are compared: the slot's next owner may decide the same command for the same version, or
   * one with the same id, and write a different event. The text of a json value is kept as it came.
   */
  findWritten: statement(
    'find_written',
    `
    select count(*) as found from events e
    join unnest($1::uuid[], $2::integer[], $3::smallint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[])
      as ours(actor_id, version, slot, seq, command_id, type, at_ms, data) on e.actor_id = ours.actor_id and e.version = ours.version
    where e.slot = ours.slot and e.seq = ours.seq and e.type = ours.type and e.command_id is not distinct from ours.command_id
      and e.at = timestamptz 'epoch' + ours.at_ms * interval '1 millisecond' and e.data::text = ours.data`,
  ),
  actorVersion: statement(
    'actor_version',
    `select coalesce(max(version), 0) as version from events where actor_id = $1::uuid`,
  ),
  /**
   * The last number used in each slot. The cursors are a floor, in case old events are ever
   * archived.
   */
  lastSeqs: statement(
    'last_seqs',
    `
    select wanted.slot, greatest(
      coalesce((select seq from events e where e.slot = wanted.slot order by seq desc limit 1), 0),
      coalesce(s.cursor_seq, 0), coalesce(s.snapshot_seq, 0)) as last_seq
    from unnest($1::smallint[]) as wanted(slot) left join slot_progress s using (slot)`,
  ),

  /**
   * A slot's lease lasts as long as its owner's membership (one row), and at least for the time it
   * was acquired for. The rows of lapsed owners are locked until the slots are taken. A renewal
   * that comes meanwhile waits and then sees the slots that it lost. A renewal that is under way is
   * waited for and keeps its slots.
   */
  acquire: statement(
    'acquire',
    `
    with lapsed as (
      select id from engines where id in (select owner from slots where slot = any($2::smallint[])) and lease_until <= clock_timestamp() order by id for share
    )
    insert into slots (slot, owner, epoch, lease_until)
    select slot, $1::text, 1, clock_timestamp() + $3 * interval '1 millisecond' from unnest($2::smallint[]) as wanted(slot) order by slot
    on conflict (slot) do update set owner = excluded.owner, epoch = slots.epoch + 1, lease_until = excluded.lease_until
    where $4::boolean or slots.owner is null or slots.owner = excluded.owner or (slots.lease_until <= clock_timestamp()
      and (slots.owner in (select id from lapsed) or not exists (select from engines where id = slots.owner)))
    returning slot, epoch`,
  ),
  renew: statement(
    'renew',
    `
    insert into engines (id, lease_until) values ($1, clock_timestamp() + $2 * interval '1 millisecond')
    on conflict (id) do update set lease_until = excluded.lease_until`,
  ),
  /** A separate statement, because it must see slots that were taken while the renewal waited. */
  heldAndAlive: statement(
    'held_and_alive',
    `
    select slot, epoch, null as engine_id from slots where owner = $1
    union all
    select null, null, id from engines where lease_until > clock_timestamp()
    order by engine_id`,
  ),
  release: statement(
    'release',
    `
    with held as (
      select slot from slots where owner = $1 and slot = any($2::smallint[]) order by slot for no key update
    )
    update slots set owner = null, lease_until = '-infinity' from held where slots.slot = held.slot and slots.owner = $1`,
  ),
  leave: statement('leave', `delete from engines where id = $1`),

  slotPosition: statement(
    'slot_position',
    `select cursor_seq, snapshot_seq from slot_progress where slot = $1::smallint`,
  ),
  liveSnapshots: statement(
    'live_snapshots',
    `select ${snapshotColumns} from snapshots where slot = $1::smallint and not finished`,
  ),
  eventsAfter: statement(
    'events_after',
    `select ${storedEventColumns} from events where slot = $1::smallint and seq > $2::bigint order by seq`,
  ),
  snapshotsOf: statement(
    'snapshots_of',
    `select ${snapshotColumns} from snapshots where actor_id = any($1::uuid[])`,
  ),
  actorEvents: statement(
    'actor_events',
    `select ${storedEventColumns} from events where actor_id = $1::uuid and version > $2::integer order by version`,
  ),

  /**
   * The bytes of all rows travel in one binary parameter and are cut here. A bytea array would
   * travel as hex.
   */
  saveSnapshots: statement(
    'save_snapshots',
    `
    insert into snapshots (${snapshotColumns})
    select actor_id, slot, kind, version, finished, substring($7::bytea from first_byte for byte_count)
    from unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[], $5::boolean[], $6::integer[], $8::integer[])
      as s(actor_id, slot, kind, version, finished, first_byte, byte_count)
    on conflict (actor_id) do update set ${setFromExcluded('version, finished, bytes')}
    where snapshots.version <= excluded.version`,
  ),
  saveSnapshotSeqs: statement('save_snapshot_seqs', advance('snapshot_seq')),
  saveCursors: statement('save_cursors', advance('cursor_seq')),

  pharmaciesChanged: statement(
    'vendors_changed',
    `
    select id as vendor_id, business_name as name, phone, address, latitude, longitude, status,
      is_active, revision, proof_required, dispatch_policy, time_zone, opening_hours, tariff,
      custody_additions
    from vendors where updated_at >= to_timestamp($1::double precision / 1000) order by updated_at`,
  ),
  configuration: statement(
    'configuration',
    `select revision, settings from configurations order by revision desc limit 1`,
  ),
  /** No request is open for longer than an hour. The index is by customer and time. */
  openRequestsOf: statement(
    'open_requests_of',
    `
    select id, expires_at, kind = 'broadcast' and status = 'pending' as open from orders
    where user_id = $1::uuid and created_at > now() - interval '2 hours' and (kind = 'broadcast' and status = 'pending' or id = any($2::uuid[]))`,
  ),
  clock: statement(
    'clock',
    `select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`,
  ),

  savePositions: statement(
    'save_positions',
    `
    insert into positions (driver_id, latitude, longitude, heading_deg, speed_mps, at)
    select driver_id, latitude, longitude, heading_deg, speed_mps, to_timestamp(at_ms / 1000)
    from unnest($1::uuid[], $2::double precision[], $3::double precision[], $4::double precision[], $5::double precision[], $6::double precision[])
      as p(driver_id, latitude, longitude, heading_deg, speed_mps, at_ms)
    on conflict (driver_id) do update set ${setFromExcluded('latitude, longitude, heading_deg, speed_mps, at')}
    where positions.at <= excluded.at`,
  ),
  loadPositions: statement(
    'load_positions',
    `
    select driver_id, latitude, longitude, heading_deg, speed_mps, at from positions where at > to_timestamp($1::double precision / 1000)`,
  ),
  saveBreadcrumbs: statement(
    'save_breadcrumbs',
    `
    insert into breadcrumbs (order_id, at, driver_id, latitude, longitude)
    select order_id, to_timestamp(at_ms / 1000), driver_id, latitude, longitude
    from unnest($1::uuid[], $2::double precision[], $3::uuid[], $4::double precision[], $5::double precision[]) as b(order_id, at_ms, driver_id, latitude, longitude)
    on conflict do nothing`,
  ),
  loadBreadcrumbs: statement(
    'load_breadcrumbs',
    `
    select order_id, at, driver_id, latitude, longitude from breadcrumbs where order_id = any($1::uuid[]) order by order_id, at`,
  ),

  /**
   * The pick-up is found in the text of the progress, because a JSON function fails on a document
   * with half a surrogate pair anywhere in it.
   */
  claimProofs: statement(
    'claim_proofs',
    `
    update uploads u set order_id = o.id
    from orders o
    where o.id = $1::uuid and o.status in (${deliveringStatuses.map(status => `'${status}'`).join(', ')})
      and ((u.id = $2::uuid and u.kind = 'proof') or (u.id = $3::uuid and u.kind = 'signature'))
      and u.order_id is null and u.stored_at is not null
      and u.created_at >= substring(o.progress::text from '"picked_up_at":"([^"]*)"')::timestamptz
      and (u.owner_id = $4::uuid or u.owner_id in (
        select user_id from drivers where id = o.driver_id
        union all select user_id from members where vendor_id = o.vendor_id and user_id is not null
          and (ended_at is null or ended_at > u.created_at)))`,
  ),
  uploads: statement(
    'uploads',
    `
    select u.id, u.kind, u.owner_id, u.order_id, u.created_at, d.id as driver_id,
      (select m.vendor_id from members m where m.user_id = u.owner_id
        order by m.ended_at is null desc, m.joined_at desc limit 1) as vendor_id
    from uploads u left join drivers d on d.user_id = u.owner_id
    where u.id in ($1::uuid, $2::uuid) and u.stored_at is not null`,
  ),

  park: statement(
    'park',
    `
    insert into parked_commands (slot, seq, from_actor_id, kind, actor_id, command_id, command, detail, tries)
    values ($1::smallint, $2::bigint, $3::uuid, $4, $5::uuid, $6, $7::json, $8, $9::integer) on conflict do nothing`,
  ),
} as const

/**
 * Moves a position of a slot forward, never back (J11). Slots are locked in order, so two
 * statements cannot deadlock.
 */
function advance(column: 'cursor_seq' | 'snapshot_seq'): string {
  return `
    insert into slot_progress (slot, ${column})
    select slot, seq from unnest($1::smallint[], $2::bigint[]) as wanted(slot, seq) order by slot
    on conflict (slot) do update set ${column} = excluded.${column} where slot_progress.${column} < excluded.${column}`
}

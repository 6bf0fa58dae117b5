/** Pharmacies and drivers that wait for a decision, and decisions about those that work. */
import { useState } from 'preact/hooks'
import { Action, Choice } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { news, session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts, Reasoned } from './reasoned.tsx'

type Status = 'pending' | 'active' | 'suspended' | 'rejected'
interface Approval {
  vendor_id: string
  kind: 'registration' | 'move' | 'none'
  status: Status
  business_name: string
  email: string
  phone: string
  address: string | null
  latitude: number
  longitude: number
  moving_to: { latitude: number; longitude: number; address?: string | null } | null
  status_reason: string | null
  created_at: string
  revision: number
}
const tones = { pending: 'warn', active: 'good', suspended: 'bad', rejected: 'bad' } as const
const statuses = Object.keys(tones) as Status[]
const degrees = ({ latitude, longitude }: { latitude: number; longitude: number }): string =>
  `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`

/** Pharmacies first, then drivers. */
export function Approvals() {
  const [status, setStatus] = useState('')
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.pharmacies')}</h2>
        <Choice
          label={say('admin.state')}
          value={status}
          options={[
            ['', say('admin.waiting')],
            ...statuses.map(one => [one, say(`approval.${one}`)] as const),
          ]}
          onChange={event => setStatus(event.currentTarget.value)}
        />
        <Paged<Approval>
          label={say('admin.pharmacies')}
          of={`${status} ${news.value}`}
          empty={say('admin.nothing')}
          keyOf={row => row.vendor_id}
          load={async cursor => {
            const { approvals, next_cursor } = await session.api.call<{
              approvals: Approval[]
              next_cursor: string | null
            }>('GET', '/api/admin/approvals', {
              query: { cursor, ...(status !== '' && { status }) },
            })
            return { rows: approvals, next: next_cursor }
          }}
        >
          {(row, reload) => <PharmacyRow row={row} reload={reload} />}
        </Paged>
      </section>
      <section class="panel">
        <h2>{say('admin.drivers')}</h2>
        <p class="soft small">{say('admin.drivers_lead')}</p>
        <WaitingDrivers />
      </section>
    </div>
  )
}

/** A decision names the revision that was read, so that nobody approves what changed meanwhile. */
async function decide(
  { vendor_id, revision }: Approval,
  verb: 'approve' | 'reject' | 'suspend',
  reason?: string,
): Promise<void> {
  await session.api.call('POST', `/api/admin/vendors/${vendor_id}/${verb}`, {
    body: reason === undefined ? {} : { reason },
    headers: { 'if-match': `"${revision}"` },
  })
}

function PharmacyRow({ row, reload }: { row: Approval; reload: () => Promise<void> }) {
  const act =
    (verb: 'approve' | 'reject' | 'suspend') =>
    async (reason?: string): Promise<void> => {
      await decide(row, verb, reason)
      await reload()
    }
  const named = (words: string): string => `${words}: ${row.business_name}`
  return (
    <article data-vendor={row.vendor_id}>
      <div class="row spread">
        <strong>{row.business_name}</strong>
        <span class="pill" data-tone={row.kind === 'move' ? 'warn' : tones[row.status]}>
          {row.kind === 'move' ? say('approval.move') : say(`approval.${row.status}`)}
        </span>
      </div>
      <Facts
        of={{
          [say('field.email')]: row.email,
          [say('field.phone')]: row.phone,
          [say('field.address')]: row.address,
          [say('admin.place')]: degrees(row),
          [say('admin.moves_to')]:
            row.moving_to === null
              ? null
              : `${row.moving_to.address ?? ''} ${degrees(row.moving_to)}`,
          [say('admin.reason')]: row.status_reason,
          [say('admin.since')]: dayAndTime(row.created_at),
        }}
      />
      <div class="row">
        {row.kind === 'none' && row.status === 'active' ? null : (
          <Action label={named(say('admin.approve'))} onAct={() => act('approve')()}>
            {say('admin.approve')}
          </Action>
        )}
        {row.kind === 'none' ? null : (
          <Reasoned
            words={say('admin.reject')}
            label={named(say('admin.reject'))}
            onAct={act('reject')}
          />
        )}
        {row.status === 'active' ? (
          <Reasoned
            words={say('admin.suspend')}
            label={named(say('admin.suspend'))}
            onAct={act('suspend')}
          />
        ) : null}
      </div>
    </article>
  )
}

interface WaitingDriver {
  id: string
  full_name: string
  phone: string
  vehicle_type: string
  vendor_id: string
}

function WaitingDrivers() {
  return (
    <Paged<WaitingDriver>
      label={say('admin.drivers')}
      of={news.value}
      empty={say('admin.nothing')}
      keyOf={row => row.id}
      load={async cursor => {
        const { drivers, next_cursor } = await session.api.call<{
          drivers: WaitingDriver[]
          next_cursor: string | null
        }>('GET', '/api/drivers', { query: { cursor, membership: 'pending' } })
        return { rows: drivers, next: next_cursor }
      }}
    >
      {(row, reload) => {
        const path = `/api/vendors/${row.vendor_id}/drivers/${row.id}`
        const act = async (verb: string): Promise<void> => {
          await session.api.call('POST', `${path}/${verb}`, { body: {} })
          await reload()
        }
        return (
          <div class="row spread">
            <span>
              <strong>{row.full_name}</strong>{' '}
              <span class="soft small">
                {row.phone} · {row.vehicle_type}
              </span>
            </span>
            <span class="row">
              <Action
                label={`${say('admin.approve')}: ${row.full_name}`}
                onAct={() => act('approve')}
              >
                {say('admin.approve')}
              </Action>
              <Action
                class="plain"
                confirm={say('admin.end_really')}
                label={`${say('admin.refuse')}: ${row.full_name}`}
                onAct={() => act('end')}
              >
                {say('admin.refuse')}
              </Action>
            </span>
          </div>
        )
      }}
    </Paged>
  )
}

/** Background work, commands that were given up, and the messages of the development outbox. */
import { useState } from 'preact/hooks'
import type { BackgroundJob } from '../../../protocol/client/index.ts'
import { Action } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts } from './reasoned.tsx'

/** The three lists. */
export function Work() {
  const [looks, setLooks] = useState(0)
  return (
    <div class="stack">
      <div class="row">
        <button type="button" class="quiet" onClick={() => setLooks(looks + 1)}>
          {say('admin.look_again')}
        </button>
      </div>
      <div class="columns">
        <section class="panel">
          <h2>{say('admin.parked')}</h2>
          <p class="soft small">{say('admin.parked_lead')}</p>
          <Parked of={looks} />
        </section>
        <section class="panel">
          <h2>{say('admin.outbox')}</h2>
          <Outbox of={looks} />
        </section>
      </div>
      <section class="panel wide">
        <h2>{say('admin.jobs')}</h2>
        <Jobs of={looks} />
      </section>
    </div>
  )
}

function Jobs({ of }: { of: number }) {
  const { support } = session.api
  return (
    <Paged<BackgroundJob>
      label={say('admin.jobs')}
      of={of}
      empty={say('admin.nothing')}
      keyOf={row => row.name}
      load={async () => ({ rows: (await support.jobs()).jobs, next: null })}
    >
      {(row, reload) => <JobRow job={row} reload={reload} />}
    </Paged>
  )
}

function JobRow({ job, reload }: { job: BackgroundJob; reload: () => Promise<void> }) {
  const { support } = session.api
  const last = job.last_run
  const act = (work: Promise<unknown>): Promise<void> => work.then(reload)
  const hasFailed = last !== null && (last.state === 'failed' || last.state === 'died')
  return (
    <article data-job={job.name}>
      <div class="row spread">
        <code>{job.name}</code>
        <span class="pill" data-tone={job.paused ? 'warn' : hasFailed ? 'bad' : 'good'}>
          {say(job.paused ? 'job.paused' : `job.${hasFailed ? last.state : job.state}`)}
        </span>
      </div>
      <p class="small">{job.about}</p>
      <Facts
        of={{
          [say('job.every')]: say('unit.minutes', { value: job.every_minutes }),
          [say('job.due')]: dayAndTime(job.due_at),
          [say('job.last')]:
            last === null ? null : `${say(`job.${last.state}`)}, ${dayAndTime(last.started_at)}`,
          [say('job.result')]:
            last?.figures == null
              ? null
              : Object.entries(last.figures)
                  .map(([name, count]) => `${name} ${count}`)
                  .join(', '),
          [say('job.error')]: last?.error,
        }}
      />
      <div class="row">
        <Action
          class="plain"
          label={`${say('job.run')}: ${job.name}`}
          onAct={() => act(support.runJob(job.name))}
        >
          {say('job.run')}
        </Action>
        <Action
          class="plain"
          label={`${say(job.paused ? 'job.resume' : 'job.pause')}: ${job.name}`}
          onAct={() => act(job.paused ? support.resumeJob(job.name) : support.pauseJob(job.name))}
        >
          {say(job.paused ? 'job.resume' : 'job.pause')}
        </Action>
      </div>
    </article>
  )
}

interface ParkedCommand {
  actor_kind: string
  actor_id: string
  command_id: string
  verb: string
  detail: string
  tries: number
  parked_at: string
}
const parkedPath = '/api/admin/parked-commands'

function Parked({ of }: { of: number }) {
  const [said, setSaid] = useState('')
  const [replays, setReplays] = useState(0)
  return (
    <>
      <div class="row">
        <Action
          class="quiet"
          onAct={async () => {
            const { replayed, parked } = await session.api.call<{
              replayed: number
              parked: number
            }>('POST', `${parkedPath}/replay`, { body: {} })
            setSaid(say('admin.replayed', { done: replayed, left: parked }))
            setReplays(replays + 1)
          }}
        >
          {say('admin.replay_all')}
        </Action>
      </div>
      <p role="status" class="small">
        {said}
      </p>
      <Paged<ParkedCommand>
        label={say('admin.parked')}
        of={`${of} ${replays}`}
        empty={say('admin.nothing')}
        keyOf={row => `${row.actor_id} ${row.command_id}`}
        load={async cursor => {
          const { commands, next_cursor } = await session.api.call<{
            commands: ParkedCommand[]
            next_cursor: string | null
          }>('GET', parkedPath, { query: { cursor } })
          return { rows: commands, next: next_cursor }
        }}
      >
        {(row, reload) => {
          const path = `${parkedPath}/${row.actor_id}/${encodeURIComponent(row.command_id)}`
          return (
            <article>
              <strong>
                {row.actor_kind} · {row.verb}
              </strong>
              <Facts
                of={{
                  [say('admin.receiver')]: row.actor_id,
                  [say('admin.reason')]: row.detail,
                  [say('admin.since')]: dayAndTime(row.parked_at),
                }}
              />
              <div class="row">
                <Action
                  class="quiet"
                  onAct={() =>
                    session.api.call('POST', `${path}/replay`, { body: {} }).then(reload)
                  }
                >
                  {say('admin.replay')}
                </Action>
                <Action
                  class="plain"
                  confirm={say('admin.drop_really')}
                  onAct={() => session.api.call('DELETE', path).then(reload)}
                >
                  {say('admin.drop')}
                </Action>
              </div>
            </article>
          )
        }}
      </Paged>
    </>
  )
}

interface Letter {
  id: string
  at: string
  channel: 'email' | 'sms'
  to: string
  subject: string
  text: string
}

function Outbox({ of }: { of: number }) {
  const [channels, setChannels] = useState<Readonly<Record<string, string>>>({})
  return (
    <>
      <p class="soft small">
        {Object.entries(channels)
          .map(([channel, way]) => `${channel}: ${way}`)
          .join(' · ')}
      </p>
      <Paged<Letter>
        label={say('admin.outbox')}
        of={of}
        empty={say('admin.outbox_empty')}
        keyOf={row => row.id}
        load={async () => {
          const answer = await session.api.call<{
            channels: Record<string, string>
            messages: Letter[]
          }>('GET', '/api/admin/outbox')
          setChannels(answer.channels)
          return { rows: answer.messages, next: null }
        }}
      >
        {row => (
          <article>
            <div class="row spread">
              <strong>{row.to}</strong>
              <span class="soft small">{dayAndTime(row.at)}</span>
            </div>
            <p class="small">{row.subject}</p>
            <pre class="small" tabIndex={0}>
              {row.text}
            </pre>
          </article>
        )}
      </Paged>
    </>
  )
}

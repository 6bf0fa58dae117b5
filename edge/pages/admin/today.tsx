/** How the deployment is, what waits for a decision, and the administrator's own inbox. */
import { useEffect, useState } from 'preact/hooks'
import type { NotificationRow } from '../../../protocol/client/index.ts'
import { Action, problemText } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { language, say } from '../texts/index.ts'
import { news, session, unread } from './desk.ts'
import { Paged } from './paged.tsx'
import { Processes } from './processes.tsx'

type Dependency = 'database' | 'bus' | 'claims' | 'engine'
interface Health {
  status: 'healthy' | 'degraded'
  dependencies: Record<Dependency, 'up' | 'down'>
  version?: string
  registration: 'open' | 'approval'
  bench_allowed: boolean
}
const dependencies: readonly Dependency[] = ['database', 'bus', 'claims', 'engine']
const everyMs = 10_000
/** More open work than this is shown as "and more". */
const countedMax = 50

/** The first part of the page. `onGo` opens another part. */
export function Today({ onGo }: { onGo(tab: string): void }) {
  return (
    <div class="columns">
      <HealthPanel />
      <Processes />
      <Waiting onGo={onGo} />
      <Inbox />
    </div>
  )
}

function HealthPanel() {
  const [health, setHealth] = useState<Health | null>(null)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const read = (): void => {
      session.api
        .call<Health>('GET', '/api/health')
        .then(answer => {
          setHealth(answer)
          setProblem('')
        })
        .catch((error: unknown) => setProblem(problemText(error)))
    }
    read()
    const timer = setInterval(read, everyMs)
    return () => clearInterval(timer)
  }, [])
  return (
    <section class="panel" id="health">
      <h2>{say('admin.health')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {health === null ? null : (
        <>
          <p>
            <span class="pill" data-tone={health.status === 'healthy' ? 'good' : 'bad'}>
              {say(`health.${health.status}`)}
            </span>{' '}
            <span class="soft small">{health.version}</span>
          </p>
          <ul class="list">
            {dependencies.map(name => (
              <li key={name} class="row spread">
                {say(`health.${name}`)}
                <span class="pill" data-tone={health.dependencies[name] === 'up' ? 'good' : 'bad'}>
                  {say(`health.${health.dependencies[name]}`)}
                </span>
              </li>
            ))}
          </ul>
          {health.registration === 'open' ? (
            <p class="notice">{say('health.registration_open')}</p>
          ) : null}
          {health.bench_allowed ? <p class="notice">{say('health.bench_allowed')}</p> : null}
        </>
      )}
    </section>
  )
}

/** The lists with work for people: how to count each, and the part of the page that shows it. */
const lists = [
  { words: 'admin.pharmacies', tab: 'approvals', path: '/api/admin/approvals', of: 'approvals' },
  {
    words: 'admin.drivers',
    tab: 'approvals',
    path: '/api/drivers',
    query: { membership: 'pending' },
    of: 'drivers',
  },
  { words: 'admin.papers', tab: 'papers', path: '/api/documents/reviews', of: 'documents' },
  {
    words: 'admin.appeals',
    tab: 'appeals',
    path: '/api/ratings',
    query: { status: 'appealed' },
    of: 'ratings',
  },
  {
    words: 'admin.reports',
    tab: 'appeals',
    path: '/api/conversations',
    query: { reported: true },
    of: 'conversations',
  },
  {
    words: 'admin.parked',
    tab: 'work',
    path: '/api/admin/parked-commands',
    of: 'commands',
  },
] as const

function Waiting({ onGo }: { onGo(tab: string): void }) {
  const [counts, setCounts] = useState<Readonly<Record<string, number>>>({})
  useEffect(() => {
    for (const list of lists)
      session.api
        .call<Record<string, unknown[]>>('GET', list.path, {
          query: { limit: countedMax, ...('query' in list && list.query) },
        })
        .then(answer => {
          const count = answer[list.of]?.length ?? 0
          setCounts(before => ({ ...before, [list.words]: count }))
        })
        .catch(() => undefined)
  }, [news.value])
  const shown = (count: number | undefined): string =>
    count === undefined
      ? '–'
      : `${count.toLocaleString(language.value)}${count === countedMax ? '+' : ''}`
  return (
    <section class="panel" id="waiting">
      <h2>{say('admin.waiting')}</h2>
      <ul class="list">
        {lists.map(({ words, tab }) => (
          <li key={words} class="row spread">
            <button type="button" class="plain" onClick={() => onGo(tab)}>
              {say(words)}
            </button>
            <strong class="number" data-count={words}>
              {shown(counts[words])}
            </strong>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Inbox() {
  const { inbox } = session.api
  const [newest, setNewest] = useState<string | null>(null)
  return (
    <section class="panel" id="inbox">
      <h2>
        {say('admin.inbox')}{' '}
        {unread.value > 0 ? (
          <span class="badge">{unread.value.toLocaleString(language.value)}</span>
        ) : null}
      </h2>
      <Paged<NotificationRow>
        label={say('admin.inbox')}
        of={news.value}
        empty={say('admin.nothing')}
        keyOf={row => row.id}
        load={async cursor => {
          const answer = await inbox.list(
            { limit: 10, ...(cursor !== undefined && { cursor }) },
            language.value,
          )
          unread.value = answer.unread
          if (cursor === undefined) setNewest(answer.notifications[0]?.id ?? null)
          return { rows: answer.notifications, next: answer.next_cursor }
        }}
      >
        {row => (
          <p data-unread={row.read_at === null}>
            {row.read_at === null ? <strong>{row.text}</strong> : row.text}{' '}
            <span class="soft small">{dayAndTime(row.at)}</span>
          </p>
        )}
      </Paged>
      {unread.value === 0 || newest === null ? null : (
        <Action
          class="quiet"
          onAct={async () => {
            unread.value = (await inbox.markRead({ through: newest })).unread
            news.value++
          }}
        >
          {say('admin.mark_read')}
        </Action>
      )}
    </section>
  )
}

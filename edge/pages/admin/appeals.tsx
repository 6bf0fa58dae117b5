/** Appeals against ratings and reports about conversations, until somebody has decided. */
import { useState } from 'preact/hooks'
import type {
  Conversation,
  ConversationEntry,
  ConversationReport,
  Rating,
} from '../../../protocol/client/index.ts'
import { Action } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { news, session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts, Reasoned } from './reasoned.tsx'

/** Both lists. */
export function Appeals() {
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.appeals')}</h2>
        <OpenAppeals />
      </section>
      <section class="panel">
        <h2>{say('admin.reports')}</h2>
        <OpenReports />
      </section>
    </div>
  )
}

function OpenAppeals() {
  return (
    <Paged<Rating>
      label={say('admin.appeals')}
      of={news.value}
      empty={say('admin.nothing')}
      keyOf={row => row.id}
      load={async cursor => {
        const { ratings, next_cursor } = await session.api.call<{
          ratings: Rating[]
          next_cursor: string | null
        }>('GET', '/api/ratings', { query: { cursor, status: 'appealed' } })
        return { rows: ratings, next: next_cursor }
      }}
    >
      {(row, reload) => {
        const decide = (decision: 'stands' | 'removed') => async (reason: string) => {
          await session.api.support.decideRating(row.id, decision, reason)
          await reload()
        }
        return (
          <article data-rating={row.id}>
            <p>
              <span class="pill" data-tone="warn">
                {row.score ?? '–'} / 5
              </span>{' '}
              {say(`rated.${row.subject}`)}
            </p>
            <Facts
              of={{
                [say('admin.rating_text')]: row.text,
                [say('admin.appeal')]: row.appeal?.reason,
                [say('admin.since')]:
                  row.appeal === null || row.appeal === undefined
                    ? null
                    : dayAndTime(row.appeal.appealed_at),
              }}
            />
            <div class="row">
              <Reasoned words={say('admin.rating_stands')} onAct={decide('stands')} />
              <Reasoned words={say('admin.rating_removed')} onAct={decide('removed')} />
            </div>
          </article>
        )
      }}
    </Paged>
  )
}

function OpenReports() {
  return (
    <Paged<Conversation>
      label={say('admin.reports')}
      of={news.value}
      empty={say('admin.nothing')}
      keyOf={row => row.id}
      load={async cursor => {
        const { conversations, next_cursor } = await session.api.call<{
          conversations: Conversation[]
          next_cursor: string | null
        }>('GET', '/api/conversations', { query: { cursor, reported: true } })
        return { rows: conversations, next: next_cursor }
      }}
    >
      {(row, reload) => <ReportedConversation conversation={row} reload={reload} />}
    </Paged>
  )
}

function ReportedConversation({
  conversation: { id, topic, status, open_reports = 0 },
  reload,
}: {
  conversation: Conversation
  reload: () => Promise<void>
}) {
  const [reports, setReports] = useState<readonly ConversationReport[]>([])
  const [entries, setEntries] = useState<readonly ConversationEntry[] | null>(null)
  const { support } = session.api
  /** What administrators read of others is in the audit trail with its reason. */
  const read = async (): Promise<void> => {
    const { messages } = await session.api.call<{ messages: ConversationEntry[] }>(
      'GET',
      `/api/conversations/${id}/messages`,
      { query: { reason: 'report' } },
    )
    setReports((await support.reports(id)).reports)
    setEntries(messages)
  }
  const act = (work: Promise<unknown>): Promise<void> => work.then(reload)
  return (
    <article data-conversation={id}>
      <div class="row spread">
        <strong>{say(`topic.${topic}`)}</strong>
        <span class="pill" data-tone="warn">
          {say('admin.open_reports', { count: open_reports })}
        </span>
      </div>
      {entries === null ? (
        <>
          <p class="soft small">{say('admin.reading_is_recorded')}</p>
          <Action class="quiet" onAct={read}>
            {say('admin.read_conversation')}
          </Action>
        </>
      ) : (
        <>
          <ul class="list small">
            {reports
              .filter(({ decision }) => decision === null)
              .map(report => (
                <li key={report.id}>
                  {say(`report.${report.reason}`)} · {say(`side.${report.side as Side}`)} ·{' '}
                  {dayAndTime(report.created_at)} {report.text}
                </li>
              ))}
          </ul>
          <ul class="talk" tabIndex={0} aria-label={say('admin.conversation')}>
            {entries
              .filter(({ text }) => text !== null)
              .map(entry => (
                <li key={entry.id}>
                  {entry.text}{' '}
                  <span class="soft small">
                    {entry.side === null ? '' : say(`side.${entry.side}`)}
                  </span>
                </li>
              ))}
          </ul>
          <div class="row">
            {status === 'open' ? (
              <Action class="quiet" onAct={() => act(support.freeze(id, 'report'))}>
                {say('admin.freeze')}
              </Action>
            ) : null}
            {status === 'frozen' ? (
              <Action class="quiet" onAct={() => act(support.thaw(id))}>
                {say('admin.thaw')}
              </Action>
            ) : null}
            <Action onAct={() => act(support.decideReports(id, 'upheld'))}>
              {say('admin.upheld')}
            </Action>
            <Action class="quiet" onAct={() => act(support.decideReports(id, 'dismissed'))}>
              {say('admin.dismissed')}
            </Action>
          </div>
        </>
      )}
    </article>
  )
}
type Side = 'customer' | 'vendor' | 'driver' | 'support'

/** The pharmacy's conversations: with customers, drivers and support; the open one beside the list. */
import { useState } from 'preact/hooks'
import type { Conversation, NewConversation } from '../../../protocol/client/index.ts'
import { Chat } from '../../pages/base/chat.tsx'
import { Action, Choice } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

const shownStates = ['all', 'unread', 'open', 'closed'] as const
type Shown = (typeof shownStates)[number]
const pageSize = 50
const pageMax = 200

/** The part. */
export function TalksPart({ office }: { office: Office }) {
  const { api } = office.session
  const [shown, setShown] = useState<Shown>('all')
  const [chosen, setChosen] = useState<Conversation | null>(null)
  const [limit, setLimit] = useState(pageSize)
  const { value, problem } = useLoaded(
    () =>
      api.listConversations({
        limit,
        ...(shown === 'unread' && { unread: true }),
        ...((shown === 'open' || shown === 'closed') && { status: shown }),
      }),
    [shown, limit, office.changes.value],
  )
  return (
    <div class="beside">
      <section class="panel">
        <h2>{say('talks.title')}</h2>
        <Choice
          label={say('drivers.shown')}
          value={shown}
          onChange={event => setShown(event.currentTarget.value as Shown)}
          options={shownStates.map(one => [one, say(`talks.${one}`)] as const)}
        />
        {problem === '' ? null : <p class="error">{problem}</p>}
        <ul class="list" id="talks">
          {value?.conversations.map(one => (
            <TalkItem
              key={one.id}
              talk={one}
              isChosen={one.id === chosen?.id}
              onChoose={() => setChosen(one)}
            />
          ))}
        </ul>
        {value?.conversations.length === 0 ? <p class="empty">{say('history.none')}</p> : null}
        {value?.next_cursor == null || limit >= pageMax ? null : (
          <Action class="quiet" onAct={() => setLimit(limit + pageSize)}>
            {say('talks.more')}
          </Action>
        )}
      </section>
      {chosen === null ? null : (
        <section class="panel">
          <Chat
            key={chosen.id}
            session={office.session}
            news={office.news}
            about={aboutOf(chosen)}
            title={say(`topic.${chosen.topic}`)}
          />
        </section>
      )}
    </div>
  )
}

interface ItemProps {
  talk: Conversation
  isChosen: boolean
  onChoose(): void
}

function TalkItem({ talk: { topic, last, unread, status }, isChosen, onChoose }: ItemProps) {
  return (
    <li>
      <button
        type="button"
        class="talk-row"
        aria-current={isChosen ? 'true' : undefined}
        onClick={onChoose}
      >
        <span class="row spread">
          <strong>{say(`topic.${topic}`)}</strong>
          {unread > 0 ? (
            <span class="pill" data-tone="bad">
              {say('talks.new', { count: unread })}
            </span>
          ) : null}
          {status === 'open' ? null : <span class="soft small">{say(`talk.${status}`)}</span>}
        </span>
        <span>{last?.text ?? '–'}</span>
        {last === null ? null : <time class="soft small">{dayAndTime(last.at)}</time>}
      </button>
    </li>
  )
}

/** The subject by which a conversation is opened; opening it again finds the same one. */
function aboutOf({ topic, about }: Conversation): NewConversation {
  if (about === null) return { topic }
  return about.kind === 'appointment'
    ? { topic, appointment_id: about.id }
    : { topic, order_id: about.id }
}

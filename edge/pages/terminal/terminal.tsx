/**
 * A pharmacy's terminal: requests that it may take, its deliveries, and the reason when it may not
 * work.
 */
import { useEffect } from 'preact/hooks'
import { hasEnded } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Action } from '../base/form.tsx'
import { Gate } from '../base/gate.tsx'
import { startPage } from '../base/page.tsx'
import { PageSession } from '../base/session.ts'
import { language, say } from '../texts/index.ts'
import { Desk } from './desk.ts'
import { OrderCard } from './order-card.tsx'
import { Practice } from './practice.tsx'
import { Register } from './register.tsx'
import { RequestCard } from './request-card.tsx'
import { StandingPanel } from './standing.tsx'

const desk = new Desk(new PageSession('terminal', ['vendor']))
const { session, requests, deliveries } = desk

function DeskParts() {
  const id = session.user.value?.id
  useEffect(() => {
    desk.begin()
    return () => desk.end()
  }, [id])
  return (
    <div id="desk" class="stack">
      <Top />
      <p id="news" class="error" role="alert">
        {desk.news.value || deliveries.problem.value}
      </p>
      <StandingPanel standing={desk.standing} />
      <Open />
      <Ours />
      <Practice desk={desk} />
    </div>
  )
}

/** The name of the pharmacy, and the sound, which is off after each load. */
function Top() {
  const isOn = desk.attention.isOn.value
  return (
    <div class="row spread">
      <h1>{desk.name.value || say('terminal.title')}</h1>
      <button
        type="button"
        class={isOn ? 'quiet' : ''}
        aria-pressed={isOn}
        onClick={() => desk.attention.turn(!isOn)}
      >
        {say(isOn ? 'terminal.sound_on' : 'terminal.sound_off')}
      </button>
    </div>
  )
}

function Open() {
  const count = requests.count.value
  return (
    <section aria-labelledby="open-title" class="stack">
      <h2 id="open-title">
        {say('terminal.open')}{' '}
        {count === 0 ? null : <span class="soft">({count.toLocaleString(language.value)})</span>}
      </h2>
      <p class="unseen" role="status">
        {requests.heard.value}
      </p>
      <ul id="requests" class="cards">
        {requests.shown.value.map(request => (
          <RequestCard key={request.message.request_id} desk={desk} request={request} />
        ))}
      </ul>
      {requests.shown.value.length === 0 ? (
        <p class="empty">{say('terminal.nothing_open')}</p>
      ) : null}
    </section>
  )
}

function Ours() {
  const newestFirst = [...deliveries.views.value.values()].sort((a, b) =>
    a.created_at < b.created_at ? 1 : -1,
  )
  const running = newestFirst.filter(({ status }) => !hasEnded(status))
  const past = newestFirst.filter(({ status }) => hasEnded(status))
  return (
    <>
      {running.length === 0 ? null : (
        <section aria-labelledby="ours-title" class="stack">
          <h2 id="ours-title">{say('terminal.ours')}</h2>
          <OrderCards id="ours" views={running} />
        </section>
      )}
      {past.length === 0 && deliveries.hasAll.value ? null : (
        <section aria-labelledby="finished-title" class="stack">
          <h2 id="finished-title">{say('terminal.finished')}</h2>
          <OrderCards id="finished" views={past} />
          {deliveries.hasAll.value ? null : (
            <Action class="plain" onAct={() => deliveries.more()}>
              {say('history.more')}
            </Action>
          )}
        </section>
      )}
    </>
  )
}

function OrderCards({ id, views }: { id: string; views: readonly OrderView[] }) {
  return (
    <ul id={id} class="cards">
      {views.map(view => (
        <OrderCard key={view.id} desk={desk} view={view} />
      ))}
    </ul>
  )
}

startPage({
  session,
  connection: desk.connection,
  title: 'terminal.title',
  count: () => requests.count.value,
  lost: 'terminal.lost',
  gate: () => (
    <Gate
      session={session}
      title="terminal.title"
      lead="terminal.lead"
      role="vendor"
      register={<Register session={session} />}
    />
  ),
  desk: () => <DeskParts />,
})

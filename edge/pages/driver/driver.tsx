/**
 * The driver's page, first of all for a phone: duty, offers, deliveries, earnings, account. It can
 * be installed, opens without a network, and keeps working in a tunnel.
 */
import { useEffect, useState } from 'preact/hooks'
import { hasEnded } from '../../../protocol/orders/statuses.ts'
import { PushSwitch } from '../../push/page/switch.tsx'
import { AccountPanel } from '../base/account.tsx'
import { Action } from '../base/form.tsx'
import { Gate } from '../base/gate.tsx'
import { startPage, Tabs } from '../base/page.tsx'
import { PapersPanel } from '../base/papers.tsx'
import { PageSession } from '../base/session.ts'
import { workerOf } from '../base/worker.ts'
import { custodyAr } from '../texts/custody-ar.ts'
import { custodyEn } from '../texts/custody-en.ts'
import { addTexts, say } from '../texts/index.ts'
import { roadAr } from '../texts/road-ar.ts'
import { roadEn } from '../texts/road-en.ts'
import { refusalText } from './custody.tsx'
import { DeliveryCard } from './delivery.tsx'
import { DevicesPanel } from './devices.tsx'
import { EarningsPanel } from './earnings.tsx'
import { Offers } from './offers.tsx'
import { Register } from './register.tsx'
import type { Step } from './store.ts'
import { Work } from './work.ts'

addTexts({ en: { ...roadEn, ...custodyEn }, ar: { ...roadAr, ...custodyAr } })
const session = new PageSession('driver', ['driver'])
const work = new Work(session)

workerOf('/driver').catch(() => {
  // The page works without it, as long as there is a network.
})

function Desk() {
  const [tab, setTab] = useState('work')
  const user = session.user.value
  const id = user?.id
  useEffect(() => {
    if (id !== undefined) work.begin(id)
    return () => {
      if (session.hasLeft) void work.forget()
      else work.end()
    }
  }, [id])
  const count = work.offers.value.length
  useEffect(() => {
    if (count > 0) setTab('work')
  }, [count])
  useWakeLock(work.isOnDuty.value)
  return (
    <div class="with-tabs">
      <Tabs
        label={say('driver.parts')}
        chosen={tab}
        onChoose={setTab}
        tabs={[
          { id: 'work', words: say('driver.work'), count },
          { id: 'earnings', words: say('driver.earnings') },
          { id: 'account', words: say('driver.account') },
        ]}
      />
      <h1 class="unseen">{say('driver.title')}</h1>
      {tab === 'work' ? <Today /> : null}
      {tab === 'earnings' ? <EarningsPanel session={session} /> : null}
      {tab === 'account' ? (
        <div class="stack">
          <Papers />
          <DevicesPanel session={session} />
          <PushSwitch session={session} />
          <AccountPanel session={session} />
        </div>
      ) : null}
    </div>
  )
}

function Papers() {
  const user = session.user.value
  if (user === null || user === undefined) return null
  const { id: person, driver_id: vehicle } = user
  return (
    <PapersPanel
      session={session}
      queue="drivers"
      subjects={vehicle === null ? { person } : { person, vehicle }}
    />
  )
}

function Today() {
  const deliveries = work.deliveries.value.filter(one => !hasEnded(work.statusOf(one)))
  return (
    <div class="stack">
      <Duty />
      <Offers work={work} />
      <Unsent />
      {deliveries.map(delivery => (
        <DeliveryCard key={delivery.order_id} work={work} delivery={delivery} />
      ))}
      {deliveries.length === 0 && work.offers.value.length === 0 ? (
        <p class="empty">{say(work.isOnDuty.value ? 'driver.waiting' : 'driver.off_duty')}</p>
      ) : null}
      <p role="status" class="small soft">
        {work.said.value}
      </p>
    </div>
  )
}

function Duty() {
  const duty = work.duty.value
  const position = work.position.value
  const isLive = work.connection.state.value === 'live'
  return (
    <section class="panel duty" aria-label={say('duty.title')}>
      <div class="row spread">
        <strong role="status">{say(`duty.${dutyKey(duty)}`)}</strong>
        <span class="row">
          {duty === 'offline' || duty === 'on_break' ? (
            <Action disabled={!isLive} onAct={() => work.setDuty('available')}>
              {say('duty.start')}
            </Action>
          ) : null}
          {duty === 'available' ? (
            <Action class="quiet" disabled={!isLive} onAct={() => work.setDuty('on_break')}>
              {say('duty.break')}
            </Action>
          ) : null}
          {duty === 'offline' ? null : (
            <Action class="quiet" disabled={!isLive} onAct={() => work.setDuty('offline')}>
              {say('duty.end')}
            </Action>
          )}
        </span>
      </div>
      {duty === 'offline' ? null : (
        <p class="small soft" id="position">
          {typeof position === 'string'
            ? say('position.missing', { reason: position })
            : position === null
              ? say('position.searching')
              : say('position.shared', { metres: Math.round(position.accuracy) })}
          {work.waitingPositions.value > 0 && !isLive
            ? ` ${say('position.waiting', { count: work.waitingPositions.value })}`
            : null}
        </p>
      )}
    </section>
  )
}

const duties = ['offline', 'available', 'busy', 'on_break'] as const
const dutyKey = (duty: string): (typeof duties)[number] =>
  duties.find(one => one === duty) ?? 'offline'

function stepText({ scan, trouble, status }: Step): string {
  if (scan !== undefined) return `${say('custody.scan')} ${scan}`
  return trouble === undefined ? say(`status.${status}`) : say('custody.trouble_send')
}

/** Steps that wait for a connection, and steps that the server refused. */
function Unsent() {
  const waiting = work.steps.waiting.value.length
  return (
    <>
      {waiting > 0 ? (
        <p class="notice" role="status">
          {say('steps.waiting', { count: waiting })}
        </p>
      ) : null}
      {work.steps.refused.value.map(({ step, error }) => (
        <p key={step.id} class="notice bad" role="alert">
          {say('steps.refused', {
            step: stepText(step),
            reason: refusalText(error),
          })}{' '}
          <button type="button" class="plain" onClick={() => void work.steps.dismiss(step.id)}>
            {say('action.dismiss')}
          </button>
        </p>
      ))}
    </>
  )
}

/** Keeps the screen on while the driver is on duty. */
function useWakeLock(isWanted: boolean): void {
  useEffect(() => {
    const { wakeLock } = navigator as Partial<Navigator>
    if (!isWanted || wakeLock === undefined) return
    let lock: WakeLockSentinel | null = null
    const take = (): void => {
      if (document.visibilityState !== 'visible') return
      wakeLock
        .request('screen')
        .then(given => (lock = given))
        .catch(() => undefined)
    }
    take()
    document.addEventListener('visibilitychange', take)
    return () => {
      document.removeEventListener('visibilitychange', take)
      void lock?.release()
    }
  }, [isWanted])
}

startPage({
  session,
  connection: work.connection,
  title: 'driver.title',
  count: () => work.offers.value.length,
  worksOffline: true,
  gate: () => (
    <Gate
      session={session}
      title="driver.title"
      lead="driver.lead"
      role="driver"
      register={<Register session={session} />}
    />
  ),
  desk: () => <Desk />,
})

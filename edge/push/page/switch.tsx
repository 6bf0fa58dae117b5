/**
 * The switch that wakes this browser while no page is open. The browser asks the person once. What
 * is remembered here is the id of the device at the server and whose it is.
 */
import { useState } from 'preact/hooks'
import type { NewPushDevice } from '../../../protocol/client/index.ts'
import { Action, problemText } from '../../pages/base/form.tsx'
import { useLoaded } from '../../pages/base/load.ts'
import type { PageSession } from '../../pages/base/session.ts'
import { workerOf } from '../../pages/base/worker.ts'
import { language, say, sayIfKnown } from '../../pages/texts/index.ts'

interface Known {
  deviceId: string
  accountId: string
}
type Readiness =
  | { can: false; why: 'push.no_browser' | 'push.no_server' | 'push.denied' }
  | { can: true; key: string; deviceId: string | null }

/** The panel with the switch. */
export function PushSwitch({ session }: { session: PageSession }) {
  const { pushDevices } = session.api
  const [said, setSaid] = useState('')
  const { value, problem, reload } = useLoaded(() => readinessOf(session))
  return (
    <section class="panel" id="push">
      <h2>{say('push.title')}</h2>
      <p class="soft">{say('push.lead')}</p>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {value?.can === false ? <p>{say(value.why)}</p> : null}
      {value?.can === true ? (
        <div class="row">
          <Action
            class={value.deviceId === null ? '' : 'quiet'}
            onAct={async () => {
              setSaid('')
              if (value.deviceId === null) await turnOn(session, value.key)
              else await turnOff(session, value.deviceId)
              await reload()
            }}
          >
            {say(value.deviceId === null ? 'push.turn_on' : 'push.turn_off')}
          </Action>
          {value.deviceId === null ? null : (
            <Action
              class="plain"
              onAct={async () => {
                const { outcome } = await pushDevices.test(value.deviceId!)
                setSaid(sayIfKnown(`push.test_${outcome}`) ?? outcome)
              }}
            >
              {say('push.test')}
            </Action>
          )}
        </div>
      ) : null}
      <p role="status">{said}</p>
    </section>
  )
}

const storeKey = ({ name }: PageSession): string => `caduceus.${name}.push`

/** The device of the person who is signed in; null for nobody's and for another person's. */
function knownOf(session: PageSession): string | null {
  const known = JSON.parse(localStorage.getItem(storeKey(session)) ?? 'null') as Known | null
  return known !== null && known.accountId === session.user.value?.id ? known.deviceId : null
}

/**
 * What can be done here now. A subscription that the browser has replaced is told to the server
 * again, because its old address is dead.
 */
async function readinessOf(session: PageSession): Promise<Readiness> {
  if (!('PushManager' in globalThis) || !('serviceWorker' in navigator))
    return { can: false, why: 'push.no_browser' }
  const { devices, vapid_public_key: key } = await session.api.pushDevices.list()
  if (key === null) return { can: false, why: 'push.no_server' }
  if (Notification.permission === 'denied') return { can: false, why: 'push.denied' }
  const known = knownOf(session)
  const deviceId = devices.some(({ id }) => id === known) ? known : null
  return { can: true, key, deviceId: deviceId === null ? null : await renewed(session, deviceId) }
}

/** Registers the present subscription of the browser anew; null when the browser has none. */
async function renewed(session: PageSession, deviceId: string): Promise<string | null> {
  const worker = await workerOf(`/${session.name}`)
  const subscription = (await worker?.pushManager.getSubscription()) ?? null
  if (subscription !== null) return register(session, subscription)
  await session.api.pushDevices.forget(deviceId)
  return null
}

async function register(session: PageSession, subscription: PushSubscription): Promise<string> {
  const device = await session.api.pushDevices.register({
    kind: 'web',
    ...(subscription.toJSON() as { endpoint: string; keys: { p256dh: string; auth: string } }),
    locale: language.value,
    app: session.name,
  } satisfies NewPushDevice)
  const known: Known = { deviceId: device.id, accountId: session.user.value!.id }
  localStorage.setItem(storeKey(session), JSON.stringify(known))
  return device.id
}

/** Asks the person, subscribes, and registers. Throws an error in words when the person says no. */
async function turnOn(session: PageSession, key: string): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error(say('push.denied'))
  const worker = (await workerOf(`/${session.name}`))!
  const { pushManager } = await activeOf(worker)
  try {
    // A subscription of another person or of an older key is replaced.
    await (await pushManager.getSubscription())?.unsubscribe()
    const options = { userVisibleOnly: true, applicationServerKey: key }
    await register(session, await pushManager.subscribe(options))
  } catch (error) {
    throw new Error(say('push.failed', { reason: problemText(error) }), { cause: error })
  }
}

async function turnOff(session: PageSession, deviceId: string): Promise<void> {
  await session.api.pushDevices.forget(deviceId)
  localStorage.removeItem(storeKey(session))
  const worker = await workerOf(`/${session.name}`)
  await (await worker?.pushManager.getSubscription())?.unsubscribe()
}

/** Resolves when the script runs; a subscription before that is refused. */
async function activeOf(worker: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  const coming = worker.installing ?? worker.waiting
  if (worker.active !== null || coming === null) return worker
  await new Promise<void>(resolve => {
    coming.addEventListener('statechange', () => {
      if (coming.state === 'activated') resolve()
    })
  })
  return worker
}

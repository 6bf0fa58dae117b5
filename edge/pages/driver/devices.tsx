/**
 * Phones with an app from a store that send the driver's position: a new one is shown once, as a
 * code to scan with the app.
 */
import { useEffect, useState } from 'preact/hooks'
import { say } from '../texts/index.ts'
import { Action, Field, Form, problemText } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import type { PageSession } from '../base/session.ts'

interface Device {
  id: string
  name: string
  ended_at: string | null
  last_seen_at: string | null
  battery_percent: number | null
}
interface Made {
  device: Device
  setup: { traccar_client: string; owntracks: string; gpslogger: string; osmand: string }
}
const apps = {
  traccar_client: 'Traccar Client',
  owntracks: 'OwnTracks',
} as const
type App = keyof typeof apps

/** The devices of the driver. */
export function DevicesPanel({ session }: { session: PageSession }) {
  const path = `/api/drivers/${session.user.value?.driver_id}/devices`
  const [devices, setDevices] = useState<readonly Device[]>([])
  const [made, setMade] = useState<Made | null>(null)
  const [problem, setProblem] = useState('')
  const load = async (): Promise<void> => {
    const answer = await session.api.call<{ devices: Device[] }>('GET', path)
    setDevices(answer.devices.filter(({ ended_at }) => ended_at === null))
  }
  useEffect(() => {
    load().catch((error: unknown) => setProblem(problemText(error)))
  }, [])
  const end = async (id: string): Promise<void> => {
    await session.api.call('DELETE', `${path}/${id}`)
    if (made?.device.id === id) setMade(null)
    await load()
  }
  return (
    <section class="panel" id="devices">
      <h2>{say('devices.title')}</h2>
      <p class="soft">{say('devices.lead')}</p>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <ul class="list">
        {devices.map(device => (
          <li key={device.id} class="row spread">
            <span>
              <strong>{device.name}</strong>{' '}
              <span class="soft small">
                {device.last_seen_at === null
                  ? say('devices.never_seen')
                  : dayAndTime(device.last_seen_at)}
              </span>
            </span>
            <span>
              <Action
                class="plain"
                confirm={say('devices.end_really')}
                onAct={() => end(device.id)}
                label={say('devices.end_named', { name: device.name })}
              >
                {say('devices.end')}
              </Action>
            </span>
          </li>
        ))}
      </ul>
      {made === null ? null : <Setup key={made.device.id} session={session} made={made} />}
      <Form
        class=""
        submit={say('devices.add')}
        onSubmit={async ({ name }, form) => {
          setMade(await session.api.call<Made>('POST', path, { body: { name } }))
          form.reset()
          await load()
        }}
      >
        <Field label={say('devices.name')} name="name" required maxLength={200} />
      </Form>
    </section>
  )
}

function Setup({ session, made }: { session: PageSession; made: Made }) {
  const [app, setApp] = useState<App>('traccar_client')
  const [picture, setPicture] = useState<string | null>(null)
  const [problem, setProblem] = useState('')
  const link = made.setup[app]
  useEffect(() => {
    let address: string | null = null
    codeOf(session, link)
      .then(code => setPicture((address = URL.createObjectURL(code))))
      .catch((error: unknown) => setProblem(problemText(error)))
    return () => {
      if (address !== null) URL.revokeObjectURL(address)
    }
  }, [link])
  return (
    <div class="setup">
      <p class="notice">{say('devices.once')}</p>
      <div class="row">
        {(Object.keys(apps) as App[]).map(name => (
          <button
            key={name}
            type="button"
            class="quiet"
            aria-pressed={name === app}
            onClick={() => setApp(name)}
          >
            {apps[name]}
          </button>
        ))}
      </div>
      <p>{say('devices.scan', { app: apps[app] })}</p>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {picture === null ? null : (
        <img class="code" src={picture} alt={say('devices.code', { name: made.device.name })} />
      )}
      <p class="small">
        <a href={link}>{say('devices.open', { app: apps[app] })}</a>
      </p>
    </div>
  )
}

async function codeOf(session: PageSession, key: string): Promise<Blob> {
  const response = await fetch('/api/qr/generate', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await session.api.accessToken()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ key, format: 'svg' }),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.blob()
}

/** The data of the account: a copy of all, and for customers the erasure with its grace. */
import { Action } from './form.tsx'
import { SaveFile } from './files.tsx'
import { dayAndTime } from './format.ts'
import { useLoaded } from './load.ts'
import type { PageSession } from './session.ts'
import { say } from '../texts/index.ts'

interface Erasure {
  asked_at: string
  due_at: string
  kept: readonly { days: number | null }[]
}

/** Export and erasure. */
export function OwnData({ session }: { session: PageSession }) {
  return (
    <section class="panel" id="own-data">
      <h2>{say('privacy.title')}</h2>
      <p class="small">{say('privacy.export_hint')}</p>
      <SaveFile
        words={say('privacy.export')}
        name="caduceus-export.json"
        fetch={() => session.api.downloadFile('/api/auth/me/export')}
      />
      {session.user.value?.role === 'user' ? <Erase session={session} /> : null}
    </section>
  )
}

function Erase({ session: { api } }: { session: PageSession }) {
  const { value, problem, set } = useLoaded(() =>
    api.call<{ erasure: Erasure | null }>('GET', '/api/auth/me/erasure'),
  )
  if (value === null) return <p class="soft small">{problem || say('state.loading')}</p>
  const { erasure } = value
  if (erasure === null)
    return (
      <>
        <p class="small">{say('privacy.erase_hint')}</p>
        <Action
          class="quiet"
          confirm={say('privacy.erase_really')}
          onAct={async () => set({ erasure: await api.call<Erasure>('DELETE', '/api/auth/me') })}
        >
          {say('privacy.erase')}
        </Action>
      </>
    )
  const days = erasure.kept.flatMap(one => one.days ?? []).at(0)
  return (
    <>
      <p class="notice" role="status">
        {say('privacy.due', { time: dayAndTime(erasure.due_at) })}
      </p>
      {days === undefined ? null : <p class="small">{say('privacy.kept', { count: days })}</p>}
      <Action
        onAct={async () => {
          await api.call('DELETE', '/api/auth/me/erasure')
          set({ erasure: null })
        }}
      >
        {say('privacy.take_back')}
      </Action>
    </>
  )
}

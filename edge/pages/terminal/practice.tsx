/** The panel with the button that starts and stops a practice driver. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Action } from '../base/form.tsx'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { say } from '../texts/index.ts'
import type { Desk } from './desk.ts'
import { PracticeDriver } from './practice-driver.ts'

const invitationHours = 1

/** The panel. */
export function Practice({ desk }: { desk: Desk }) {
  const driver = useRef<PracticeDriver | null>(null)
  const [isOut, setOut] = useState(false)
  const [words, setWords] = useState<() => string>(() => () => say('practice.nobody'))
  const stop = (): void => {
    driver.current?.stop()
    driver.current = null
    setOut(false)
    setWords(() => () => say('practice.nobody'))
  }
  useEffect(() => stop, [])
  const start = async (): Promise<void> => {
    const { api, user } = desk.session
    const path = `/api/vendors/${user.value?.vendor_id}`
    const pharmacy = await api.call<Pharmacy>('GET', path)
    // A driver with the pharmacy's own invitation needs no approval.
    const { invitation_code } = await api.call<{ invitation_code: string }>(
      'POST',
      `${path}/driver-invitations`,
      { body: { note: 'Practice driver', expires_in_hours: invitationHours } },
    )
    const made = new PracticeDriver(pharmacy, said => setWords(() => said))
    driver.current = made
    try {
      await made.start(invitation_code)
      setOut(true)
    } catch (error) {
      stop()
      throw error
    }
  }
  return (
    <section class="panel" aria-labelledby="practice-title">
      <div class="row spread">
        <h2 id="practice-title">{say('practice.title')}</h2>
        <span id="driver-state" class="soft small" role="status">
          {words()}
        </span>
      </div>
      <p class="soft small">{say('practice.lead')}</p>
      <Action class="quiet" onAct={isOut ? stop : start}>
        {say(isOut ? 'practice.stop' : 'practice.start')}
      </Action>
    </section>
  )
}

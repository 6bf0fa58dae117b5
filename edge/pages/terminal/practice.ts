/** The button that starts and stops a practice driver. */
import { byId, messageOf, setText } from '../shared/elements.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import type { Session } from '../shared/session.ts'
import { PracticeDriver } from './practice-driver.ts'

const invitationHours = 1

export class Practice {
  readonly #session: Session
  readonly #button = byId('driver-start', HTMLButtonElement)
  readonly #state = byId('driver-state')
  #driver: PracticeDriver | null = null

  constructor(session: Session) {
    this.#session = session
    this.#button.addEventListener('click', async () => {
      if (this.#driver !== null) {
        this.stop()
        return
      }
      this.#button.disabled = true
      try {
        await this.#start()
        setText(this.#button, 'Call the practice driver back')
      } catch (error) {
        this.#driver = null
        setText(this.#state, messageOf(error))
      } finally {
        this.#button.disabled = false
      }
    })
  }

  stop(): void {
    this.#driver?.stop()
    this.#driver = null
    setText(this.#state, 'Nobody on the road')
    setText(this.#button, 'Send a practice driver out')
  }

  async #start(): Promise<void> {
    const { api, pharmacyId } = this.#session
    const pharmacy = await api.call<Pharmacy>('GET', `/api/vendors/${pharmacyId}`)
    // A driver with the pharmacy's own invitation needs no approval.
    const { invitation_code } = await api.call<{ invitation_code: string }>(
      'POST',
      `/api/vendors/${pharmacyId}/driver-invitations`,
      { body: { note: 'Practice driver', expires_in_hours: invitationHours } },
    )
    this.#driver = new PracticeDriver(pharmacy, words => setText(this.#state, words))
    await this.#driver.start(invitation_code)
  }
}

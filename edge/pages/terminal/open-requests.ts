/**
 * The requests that this pharmacy may take. A click answers over the socket. Every outcome of the
 * answer (won, lost, no answer, no connection) ends the waiting of the button, because pharmacists
 * do not trust a terminal whose buttons hang.
 */
import { computed, signal } from '@preact/signals'
import type {
  NewRequest,
  ResponseResult,
  Terminal,
  TerminalEvents,
} from '../../../protocol/client/index.ts'
import { problemText } from '../base/form.tsx'
import { kilometres } from '../base/format.ts'
import { say } from '../texts/index.ts'
import type { Price } from './price-form.tsx'

export type Answer = 'ACCEPTED' | 'REJECTED'

/** One request as its card shows it. */
export interface OpenRequest {
  message: NewRequest
  /** The answer that was sent and has no result yet. */
  answering: Answer | null
  /** True while the buttons wait. */
  isWaiting: boolean
  /** What became of an answer, in the language of the moment. */
  note: () => string
  /** True when it can be accepted with a price only. */
  needsPrice: boolean
  /** How the request ended; null while it can be taken. */
  closed: 'won' | 'closed' | null
}

/** What a pharmacist says with an answer. `recording` resolves when the server has it. */
export interface Said {
  text: string
  recording: (() => Promise<{ url: string }>) | null
  price?: Price
}

const closedShownMs = 10_000
/** Time for which a won request is shown before it moves to our deliveries. */
const wonShownMs = 2_500

const nothing = (): string => ''
const wordsOf = (reason: TerminalEvents['request_closed']['reason']) => () =>
  say(`request.${reason}`)

export class OpenRequests {
  /** Newest first. Closed ones are shown for a moment. */
  readonly shown = signal<readonly OpenRequest[]>([])
  readonly count = computed(() => this.shown.value.filter(one => one.closed === null).length)
  /** The last request, for screen readers. */
  readonly heard = signal('')
  readonly #onWon: (orderId: string) => void
  #terminal: Terminal | null = null

  constructor(onWon: (orderId: string) => void) {
    this.#onWon = onWon
  }

  /** Shows the requests of this connection from now on. */
  follow(terminal: Terminal): void {
    this.#terminal = terminal
    terminal.on('new_request', message => this.#show(message))
    terminal.on('request_closed', ({ request_id, reason }) => {
      const isBeaten = reason === 'taken' && this.#find(request_id)?.answering === 'ACCEPTED'
      const words = isBeaten ? () => say('request.beaten') : wordsOf(reason)
      this.#close(request_id, words, reason === 'won')
      if (reason === 'won') this.#onWon(request_id)
    })
  }

  /**
   * Ends the waiting of every button after a lost connection; the client sends the answers again
   * when it is back.
   */
  settleAll(): void {
    for (const { message, isWaiting } of this.shown.value)
      if (isWaiting) this.#settle(message.request_id, () => say('request.connection_lost'))
  }

  closeAll(): void {
    for (const { message } of this.shown.value) this.#close(message.request_id, wordsOf('ended'))
  }

  clear(): void {
    this.shown.value = []
    this.heard.value = ''
  }

  /** Answers a request. */
  async answer(id: string, answer: Answer, said: Said): Promise<void> {
    const terminal = this.#terminal
    if (terminal === null) return
    const isAccepting = answer === 'ACCEPTED'
    this.#change(id, {
      isWaiting: true,
      note: () => say(isAccepting ? 'request.accepting' : 'request.rejecting'),
    })
    if (!terminal.isOpen) this.#settle(id, () => say('request.not_connected'))
    // The same answer is under way already, so only that one counts.
    if (this.#find(id)?.answering === answer) return
    this.#change(id, { answering: answer })
    try {
      const { text, recording, price } = said
      const more = {
        ...price,
        ...(text !== '' && { text_message: text }),
        ...(recording !== null && { audio_url: (await recording()).url }),
      }
      this.#hear(id, answer, await this.#sent(terminal, id, answer, more))
    } catch (error) {
      this.#settle(id, () => problemText(error))
    } finally {
      if (this.#find(id)?.answering === answer) this.#change(id, { answering: null })
    }
  }

  async #sent(
    terminal: Terminal,
    id: string,
    answer: Answer,
    more: NonNullable<Parameters<Terminal['respond']>[2]>,
  ): Promise<ResponseResult> {
    try {
      return await terminal.respond(id, answer, more)
    } catch {
      throw new Error(say('request.no_answer'))
    }
  }

  #show(message: NewRequest): void {
    const id = message.request_id
    if (this.#find(id)?.closed === null) return
    const others = this.shown.value.filter(one => one.message.request_id !== id)
    const request: OpenRequest = {
      message,
      answering: null,
      isWaiting: false,
      note: nothing,
      needsPrice: false,
      closed: null,
    }
    this.shown.value = [request, ...others]
    this.heard.value = say('request.heard', {
      distance: kilometres(message.distance_km),
      name: message.patient_name,
    })
  }

  /**
   * Shows the result of an answer. Results that close the request (won, taken, expired, cancelled)
   * have arrived before as `request_closed`.
   */
  #hear(id: string, answer: Answer, { outcome, message, code }: ResponseResult): void {
    if (this.#find(id)?.closed !== null) return
    this.#settle(id, nothing)
    if (outcome === 'recorded')
      this.#close(id, () => say(answer === 'REJECTED' ? 'request.rejected' : 'request.recorded'))
    if (outcome === 'not_offered') this.#close(id, () => say('request.not_offered'))
    if (outcome !== 'error') return
    if (code === 'price_required') this.#change(id, { needsPrice: true })
    else this.#settle(id, () => message ?? say('request.failed'))
  }

  /** Makes the buttons work again, after any outcome. */
  #settle(id: string, note: () => string): void {
    this.#change(id, { isWaiting: false, note })
  }

  /** Greys the card out, and removes it a little later. */
  #close(id: string, note: () => string, isWon = false): void {
    if (this.#find(id)?.closed !== null) return
    this.#change(id, { isWaiting: false, note, closed: isWon ? 'won' : 'closed' })
    setTimeout(
      () => {
        this.shown.value = this.shown.value.filter(
          one => one.message.request_id !== id || one.closed === null,
        )
      },
      isWon ? wonShownMs : closedShownMs,
    )
  }

  #find(id: string): OpenRequest | undefined {
    return this.shown.value.find(({ message }) => message.request_id === id)
  }

  #change(id: string, change: Partial<OpenRequest>): void {
    this.shown.value = this.shown.value.map(one =>
      one.message.request_id === id ? { ...one, ...change } : one,
    )
  }
}

/**
 * The requests that this pharmacy may take. A click answers over the socket. Every outcome of the
 * answer (won, lost, no answer, no connection) ends the waiting of the button, because pharmacists
 * do not trust a terminal whose buttons hang.
 */
import type {
  NewRequest,
  ResponseResult,
  Terminal,
  TerminalEvents,
} from '../../../protocol/client/index.ts'
import { byId, setText } from '../shared/elements.ts'
import type { Session } from '../shared/session.ts'
import { RequestCard, roughly, type Answer } from './request-card.ts'

const tickMs = 250
const closedShownMs = 10_000
/** Time for which a won request is shown before it moves to our deliveries. */
const wonShownMs = 2_500

const closedWords: Record<TerminalEvents['request_closed']['reason'], string> = {
  won: 'Yours',
  taken: 'Taken by another pharmacy',
  expired: 'Expired',
  cancelled: 'Cancelled by the customer',
  ended: 'No longer open',
}

export class OpenRequests {
  readonly #session: Session
  readonly #onChange: () => void
  readonly #onWon: (orderId: string) => void
  readonly #cards = new Map<string, RequestCard>()
  #terminal: Terminal | null = null

  constructor(session: Session, onChange: () => void, onWon: (orderId: string) => void) {
    this.#session = session
    this.#onChange = onChange
    this.#onWon = onWon
    setInterval(() => {
      const nowMs = Date.now()
      for (const card of this.#cards.values()) card.tick(nowMs)
    }, tickMs)
  }

  get size(): number {
    return this.#cards.size
  }

  /** Shows the requests of this connection from now on. */
  follow(terminal: Terminal): void {
    this.#terminal = terminal
    terminal.on('new_request', request => this.#show(request))
    terminal.on('request_closed', ({ request_id, reason }) => {
      const card = this.#cards.get(request_id)
      if (card === undefined) return
      const isBeaten = reason === 'taken' && card.answering === 'ACCEPTED'
      this.#close(
        card,
        isBeaten ? 'Another pharmacy was first' : closedWords[reason],
        reason === 'won',
      )
      if (reason === 'won') this.#onWon(request_id)
    })
  }

  /**
   * Ends the waiting of every button after a lost connection; the client sends the answers again
   * when it is back.
   */
  settleAll(): void {
    for (const card of this.#cards.values())
      if (card.isWaiting)
        card.settle('The connection was lost; your answer goes out again when it is back.')
  }

  closeAll(words: string): void {
    for (const card of this.#cards.values()) this.#close(card, words)
  }

  clear(): void {
    for (const card of this.#cards.values()) card.element.remove()
    this.#cards.clear()
  }

  #show(message: NewRequest): void {
    if (this.#cards.has(message.request_id)) return
    const card: RequestCard = new RequestCard(message, {
      onAnswer: (answer, text) => void this.#answer(card, answer, text),
      // The URL is asked for at each click, because a signed URL is valid for minutes only.
      prescription: async () =>
        (await this.#session.api.getOrder(message.request_id)).prescription_url,
    })
    this.#cards.set(card.id, card)
    byId('requests').prepend(card.element)
    const heard = `New request, ${roughly(message.distance_km)} away: ${message.patient_name}`
    setText(byId('heard'), heard)
    card.tick(Date.now())
    this.#onChange()
  }

  async #answer(card: RequestCard, answer: Answer, text: string): Promise<void> {
    const terminal = this.#terminal
    if (terminal === null) return
    card.wait(answer)
    if (!terminal.isOpen)
      card.settle('Not connected; your answer goes out when the terminal is live.')
    // The same answer is under way already, so only that one counts.
    if (card.answering === answer) return
    card.answering = answer
    try {
      const more = text === '' ? {} : { text_message: text }
      this.#hear(card, answer, await terminal.respond(card.id, answer, more))
    } catch {
      card.settle('No answer in time; try again. It counts once.')
    } finally {
      if (card.answering === answer) card.answering = null
    }
  }

  /**
   * Shows the result of an answer. Results that close the request (won, taken, expired, cancelled)
   * have arrived before as `request_closed`.
   */
  #hear(card: RequestCard, answer: Answer, { outcome, message }: ResponseResult): void {
    if (!this.#cards.has(card.id)) return
    card.settle('')
    if (outcome === 'recorded') this.#close(card, answer === 'REJECTED' ? 'Rejected' : 'Recorded')
    if (outcome === 'not_offered') this.#close(card, 'Not offered to this pharmacy')
    if (outcome === 'error') card.settle(message ?? 'That did not work; try again.')
  }

  /** Greys the card out, and removes it a little later. */
  #close(card: RequestCard, words: string, isWon = false): void {
    if (!this.#cards.delete(card.id)) return
    card.close(words, isWon ? 'won' : 'closed')
    setTimeout(
      () => {
        card.element.remove()
        this.#onChange()
      },
      isWon ? wonShownMs : closedShownMs,
    )
    this.#onChange()
  }
}

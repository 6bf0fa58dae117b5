/** The state of a page's connection: a pill in the header, and a bar that nobody overlooks. */
import { signal } from '@preact/signals'
import { closeCodes } from '../../../protocol/kernel/errors.ts'
import type { Closed } from '../shared/connection-pill.ts'
import { say, type TextKey } from '../texts/index.ts'

type State = 'connecting' | 'live' | 'lost' | 'resting' | { refused: string }

/** The connection of this page. */
export class ConnectionState {
  readonly state = signal<State>('connecting')

  opened(): void {
    this.state.value = 'live'
  }
  /** `onSignInOver` is called when the server ended the sign-in. */
  closed({ code, reason, final }: Closed, onSignInOver: () => void): void {
    if (!final) this.state.value = 'lost'
    else if (code === closeCodes.unauthenticated) onSignInOver()
    else this.state.value = { refused: reason || String(code) }
  }
  /** The connection is closed, and the page shows the reason elsewhere. */
  rest(): void {
    this.state.value = 'resting'
  }
  restarted(): void {
    this.state.value = 'connecting'
  }
}

const wordsOf = (state: State): string =>
  typeof state === 'object' ? state.refused : say(`connection.${state}`)

/** The pill in the header. */
export function ConnectionPill({
  connection,
  liveWords,
}: {
  connection: ConnectionState
  liveWords?: (() => string) | undefined
}) {
  const state = connection.state.value
  const tone = state === 'live' ? 'good' : typeof state === 'object' ? 'bad' : 'warn'
  return (
    <span class="pill" data-tone={tone} role="status">
      {state === 'live' && liveWords !== undefined ? liveWords() : wordsOf(state)}
    </span>
  )
}

interface LostBarProps {
  connection: ConnectionState
  /** What the loss means on this page. */
  words: TextKey
}

/** The bar across the page while there is no connection. */
export function LostBar({ connection, words }: LostBarProps) {
  const state = connection.state.value
  return state === 'lost' || typeof state === 'object' ? (
    <p class="lost" role="alert">
      {typeof state === 'object' ? state.refused : say(words)}
    </p>
  ) : null
}

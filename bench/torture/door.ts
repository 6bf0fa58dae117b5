/**
 * Observes the answers of an edge's door beside a client. Each client has its own WebSocket class
 * that notes attempts, refusals and the told time to come again. It changes nothing: when the
 * client does not listen to a refusal, the socket ends as it would anyway.
 */
import { WebSocket } from 'ws'
import type { WebSocketConstructor } from '../../protocol/client/index.ts'
import { socketLimits } from '../../edge/kernel/limits.ts'

/** Timers of whole milliseconds fire up to one early. */
const timerSlackMs = 2

export class Door {
  /** Attempts that were told when to come again. */
  refused = 0
  readonly wrong: string[] = []

  /** A WebSocket class for one client. */
  socketClass(): WebSocketConstructor {
    let notBeforeMs = 0
    const comes = (): void => {
      const tooSoonMs = notBeforeMs - performance.now()
      if (tooSoonMs > timerSlackMs)
        this.wrong.push(`a client came back ${tooSoonMs.toFixed(0)} ms before it was told to`)
    }
    const hears = (status: number | undefined, retryAfter: string | undefined): void => {
      const seconds = Number(retryAfter)
      notBeforeMs = performance.now() + 1_000 * seconds
      if (status === 503 && seconds >= 1 && seconds <= socketLimits.handshakeRetrySecondsMax)
        this.refused++
      else this.wrong.push(`a client was refused with ${status} and Retry-After ${retryAfter}`)
    }
    return class extends WebSocket {
      constructor(address: string, protocols?: string[]) {
        comes()
        super(address, protocols)
        this.on('unexpected-response', (_request, { statusCode, headers }) => {
          hears(statusCode, headers['retry-after'])
          if (this.listenerCount('unexpected-response') === 1) this.close()
        })
      }
    } as unknown as WebSocketConstructor
  }
}

/**
 * Observes how an edge admits or refuses the connections of clients. Each client has its own
 * WebSocket class, which notes attempts, refusals and the time after which the client may connect
 * again. It changes nothing: when the client does not listen to a refusal, the socket ends as it
 * would anyway.
 */
import { WebSocket } from 'ws'
import type { WebSocketConstructor } from '../../protocol/client/index.ts'
import { socketLimits } from '../../edge/kernel/limits.ts'

/** Timers of whole milliseconds fire up to one early. */
const timerSlackMs = 2

export class Admissions {
  /** Refused attempts whose answer said when to connect again. */
  refused = 0
  readonly wrong: string[] = []

  /** A WebSocket class for one client. */
  socketClass(): WebSocketConstructor {
    let notBeforeMs = 0
    const noteAttempt = (): void => {
      const tooSoonMs = notBeforeMs - performance.now()
      if (tooSoonMs > timerSlackMs)
        this.wrong.push(`a client came back ${tooSoonMs.toFixed(0)} ms before it was told to`)
    }
    const noteRefusal = (status: number | undefined, retryAfter: string | undefined): void => {
      const seconds = Number(retryAfter)
      notBeforeMs = performance.now() + 1_000 * seconds
      if (status === 503 && seconds >= 1 && seconds <= socketLimits.handshakeRetrySecondsMax)
        this.refused++
      else this.wrong.push(`a client was refused with ${status} and Retry-After ${retryAfter}`)
    }
    return class extends WebSocket {
      constructor(address: string, protocols?: string[]) {
        noteAttempt()
        super(address, protocols)
        this.on('unexpected-response', (_request, { statusCode, headers }) => {
          noteRefusal(statusCode, headers['retry-after'])
          if (this.listenerCount('unexpected-response') === 1) this.close()
        })
      }
    } as unknown as WebSocketConstructor
  }
}

/**
 * A socket whose edge the test plays, and a clock that the test moves, for the tests of clients.
 */
import { mock } from 'node:test'
import type { WebSocketLike } from './connection.ts'

type Listener = (event: never) => void
type Refusal = (
  request: unknown,
  response: { headers: { 'retry-after'?: string | undefined } },
) => void

/** A WebSocket that keeps everything that the client sends, and delivers what the test says. */
export class FakeSocket implements WebSocketLike {
  /** All sockets that were made, oldest first. `onVirtualTime` empties the list. */
  static readonly all: FakeSocket[] = []
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }
  binaryType = ''
  readyState = 1
  readonly sent: (string | Uint8Array)[] = []
  readonly closedWith: unknown[] = []
  refuse: Refusal | null = null
  readonly #listeners = new Map<string, Listener[]>()
  readonly url: string
  readonly protocols: string[] | undefined

  constructor(url: string, protocols?: string[]) {
    this.url = url
    this.protocols = protocols
    FakeSocket.all.push(this)
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }
  close(code?: number, reason?: string): void {
    this.closedWith.push([code, reason])
  }
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }
  on(_event: string, listener: Refusal): void {
    this.refuse = listener
  }

  /** Delivers a message from the edge. */
  says(message: object): void {
    this.#fire('message', { data: JSON.stringify(message) })
  }
  /** Delivers a binary message from the edge. */
  saysBytes(bytes: readonly number[]): void {
    this.#fire('message', { data: Uint8Array.from(bytes).buffer })
  }
  /** Ends the connection, as by the edge or a fault. */
  ends(code = 1006, reason = ''): void {
    this.#fire('close', { code, reason })
  }
  /** The messages that the client sent as text. */
  get messages(): { type: string; id?: string }[] {
    return this.sent.flatMap(data =>
      typeof data === 'string' ? [JSON.parse(data) as { type: string }] : [],
    )
  }

  #fire(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never)
  }
}

export interface VirtualTime {
  /** Moves the clock and lets promises run. */
  pass(ms: number): Promise<void>
}

/** Longest step of the clock, ms. */
const stepMs = 125

/** Resolves when all promises that are ready have run. */
export const settled = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

/** Runs a test on a clock that only the test moves. Random pauses have their longest value. */
export async function onVirtualTime(run: (time: VirtualTime) => Promise<void>): Promise<void> {
  FakeSocket.all.length = 0
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000_000 })
  const random = mock.method(Math, 'random', () => 1 - 2 ** -53)
  try {
    await run({
      async pass(ms) {
        await settled()
        // Small steps, because a timer that another timer starts counts from the end of the step.
        for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
          mock.timers.tick(Math.min(stepMs, leftMs))
          await settled()
        }
      },
    })
  } finally {
    random.mock.restore()
    mock.timers.reset()
  }
}

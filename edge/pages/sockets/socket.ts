/** One WebSocket of the tester, with everything that went in and out of it, raw and timed. */
import { signal } from '@preact/signals'
import { channels, type ChannelName } from '../../../protocol/kernel/channels.ts'
import { closeCodes } from '../../../protocol/kernel/errors.ts'
import { say } from '../texts/index.ts'

/** A line of the log. */
interface Line {
  id: number
  atMs: number
  /** Milliseconds since the line before. */
  sinceMs: number
  way: 'in' | 'out' | 'state'
  text: string
}

const linesMax = 500
const bytesShown = 64

export class TestedSocket {
  readonly lines = signal<readonly Line[]>([])
  readonly state = signal<'disconnected' | 'wait' | 'open'>('disconnected')
  #socket: WebSocket | null = null
  #count = 0

  /** Connects to a channel; `parameter` stands for the one in its path. */
  connect(channel: ChannelName, token: string, parameter: string): void {
    this.close()
    const path = channels[channel].path.replace(/\{\w+\}/, encodeURIComponent(parameter))
    const address = location.origin.replace(/^http/, 'ws') + path
    this.#note('state', say('sockets.connecting', { address }))
    this.state.value = 'wait'
    const began = performance.now()
    // The token goes into the protocol and not into the address, which proxies write to their logs.
    const socket = new WebSocket(address, token === '' ? [] : ['bearer', token])
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    socket.addEventListener('open', () => {
      this.state.value = 'open'
      this.#note('state', say('sockets.opened', { ms: Math.round(performance.now() - began) }))
    })
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) =>
      this.#note('in', typeof data === 'string' ? data : hexOf(data)),
    )
    socket.addEventListener('close', ({ code, reason }) => {
      this.#note(
        'state',
        `${say('sockets.closed', { code: String(code) })} ${reason || meaningOf(code)}`,
      )
      if (this.#socket === socket) this.state.value = 'disconnected'
    })
  }

  send(text: string): void {
    this.#socket?.send(text)
    this.#note('out', text)
  }

  close(): void {
    this.#socket?.close()
    this.#socket = null
    this.state.value = 'disconnected'
  }

  clear(): void {
    this.lines.value = []
  }

  #note(way: Line['way'], text: string): void {
    const atMs = Date.now()
    const sinceMs = atMs - (this.lines.value.at(-1)?.atMs ?? atMs)
    const line = { id: this.#count++, atMs, sinceMs, way, text }
    this.lines.value = [...this.lines.value, line].slice(-linesMax)
  }
}

function hexOf(data: ArrayBuffer): string {
  const bytes = new Uint8Array(data)
  const shown = [...bytes.subarray(0, bytesShown)].map(one => one.toString(16).padStart(2, '0'))
  const rest = bytes.length > bytesShown ? ' …' : ''
  return `${say('sockets.binary', { count: bytes.length })} ${shown.join(' ')}${rest}`
}

/** Every code with which this server closes. */
export const codes = Object.entries(closeCodes) as [keyof typeof closeCodes, number][]

/** What a close code means, in words. */
function meaningOf(code: number): string {
  const known = codes.find(([, one]) => one === code)
  return known === undefined ? say('sockets.code_other') : say(`code.${known[0]}`)
}

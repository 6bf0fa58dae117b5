/** A terminal or tracker for load: a plain WebSocket that hands texts on unparsed, because thousands a second arrive. */
import { WebSocket } from 'ws'

export class LoadSocket {
  readonly #socket: WebSocket
  onText: (text: string) => void = () => undefined
  closedWith: number | null = null

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', code => { this.closedWith = code })
    socket.on('message', (data: Buffer, isBinary: boolean) => { if (!isBinary) this.onText(data.toString('latin1')) })
  }

  /** Resolves at the greeting: the socket is authenticated and hears everything from now on. */
  static open(url: string, path: string, token: string): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const one = new LoadSocket(new WebSocket(url.replace(/^http/, 'ws') + path, ['bearer', token]))
      one.#socket.once('close', (code, reason) => reject(new Error(`socket closed with ${code} ${reason.toString()}`)))
      one.#socket.once('error', reject)
      one.#socket.once('message', () => resolve(one))
    })
  }

  send(text: string): void { this.#socket.send(text) }
  close(): void { this.#socket.terminate() }
}

/** The text value of a JSON member, without parsing the rest; null when it is not there. The value must hold no escapes. */
export function member(text: string, name: string): string | null {
  const at = text.indexOf(`"${name}":"`)
  if (at < 0) return null
  const from = at + name.length + 4
  return text.slice(from, text.indexOf('"', from))
}

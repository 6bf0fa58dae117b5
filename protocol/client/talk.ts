/**
 * Writing and reading in conversations on the socket of a role. Its events tell what is new
 * (`conversation_entry`, `conversation_read`) and the answers (`send_result`, `messages`, `reload`).
 * `connectChat` is for apps that show whole conversations: it asks for gaps by itself.
 */
import type { SaidOn } from '../dispatch/messages.ts'

type Said<Name> = Omit<SaidOn<'customer'> & { type: Name }, 'type'>

/** The socket; `send` is false while there is no connection. */
interface Socket {
  send(message: { type: string }): boolean
}

export class Talk {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /**
   * Sends a message; `send_result` is the answer. False while there is no connection. Say it again
   * under the same `id` until the answer comes.
   */
  say(message: Said<'send'>): boolean {
    return this.#socket.send({ type: 'send', ...message })
  }
  /** Call it when the messages were on the screen. */
  read(message: Said<'read'>): boolean {
    return this.#socket.send({ type: 'read', ...message })
  }
  /** Asks for everything after a number; `messages` or `reload` is the answer. */
  resume(message: Said<'resume'>): boolean {
    return this.#socket.send({ type: 'resume', ...message })
  }
}

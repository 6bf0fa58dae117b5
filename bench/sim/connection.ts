/**
 * A person with a socket: connects, is greeted, hears messages, is cut off and connects again.
 * During a connection the person acts on the messages. Heard messages are kept, so that the
 * simulation can check that each message reached its audience.
 */
import { canonical } from '../../engine/sim/model/pushes.ts'
import { Caller } from './clients.ts'
import type { Heard, Listener, SimEdge, SocketKind } from './edge/edge.ts'
import { clientLimits } from '../../protocol/client/limits.ts'

/** Average length of a connection. */
const connectionMs = 90_000
/** Time after which a client tries elsewhere, because a paused process accepts no connection. */
const connectMs = 2_000

export abstract class Connected extends Caller {
  connectedSinceMs = Infinity
  /** All messages of this connection. */
  readonly heard = new Set<string>()
  #drop: () => void = () => {}
  #ended = false

  /** The kind of the socket, and its owner. */
  abstract readonly socket: SocketKind
  /** Called at the start of a connection, when the person knows nothing yet. */
  protected abstract greeted(edge: SimEdge): void
  protected abstract told(message: Heard): void

  /** The topic of the socket; see protocol/dispatch/pushes.ts. */
  get topic(): string {
    if (this.socket.role === 'chat') return this.socket.id
    return `${this.socket.role === 'tracking' ? 'order' : this.socket.role === 'pharmacy' ? 'vendor' : this.socket.role}:${this.socket.id}`
  }

  /** Connects again after each end, until `hangUp`. */
  async stayConnected(): Promise<void> {
    while (!this.#ended) {
      const edges = this.world.edges()
      if (edges.length === 0) {
        await this.sleep(500)
        continue
      }
      const edge = this.chance.pick(edges)
      await new Promise<void>(closed => {
        edge.node.enter(() => this.#open(edge, closed))
        // Connections end even when nothing fails.
        this.world.schedule.after(this.chance.around(connectionMs), () => closed())
        if (!edge.node.alive || edge.node.paused) this.world.schedule.after(connectMs, closed)
      })
      this.#drop()
      await this.sleep(clientLimits.reconnectMsMin * this.chance.between(0.5, 4))
    }
  }

  #open(edge: SimEdge, closed: () => void): void {
    if (this.#ended) return closed()
    // An earlier attempt may have opened late, when its process went on.
    this.#drop()
    this.heard.clear()
    this.connectedSinceMs = this.world.schedule.nowMs
    const socket = this.world.faulty(this.#listener(closed))
    this.#drop = this.enter(edge, socket, run => {
      this.world.schedule.after(this.chance.between(1, 30), run)
    })
    this.greeted(edge)
  }

  /** Opens the socket at an edge. Returns the function that ends it. */
  protected enter(edge: SimEdge, listener: Listener, carry: (run: () => void) => void): () => void {
    return edge.open(this.socket, listener, carry)
  }

  #listener(closed: () => void) {
    return {
      heard: (message: Heard) => {
        this.heard.add(canonical(message))
        const { role, id } = this.socket
        if (role !== 'tracking' && role !== 'chat')
          this.world.checker.audience.heardBy(role === 'pharmacy' ? 'vendor' : role, id, message)
        this.told(message)
      },
      closed: () => {
        this.connectedSinceMs = Infinity
        closed()
      },
    }
  }

  dropConnection(): void {
    this.#drop()
  }
  hangUp(): void {
    this.#ended = true
    this.#drop()
  }
}

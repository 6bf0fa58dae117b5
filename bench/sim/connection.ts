/**
 * Somebody with a socket: connects, is greeted, hears, is cut off and connects again. Between two connections they
 * know nothing; on one they live by what they are told. What they heard is kept, so that the simulation can ask
 * whether a message that was theirs came.
 */
import { canonical } from '../../engine/sim/model/pushes.ts'
import { Caller } from './clients.ts'
import type { Heard, SimEdge, SocketKind } from './edge/edge.ts'
import { clientLimits } from '../../protocol/client/limits.ts'

/** How long a connection lasts, on average. */
const connectionMs = 90_000
/** A process that is paused accepts nobody; a client tries elsewhere after this. */
const connectMs = 2_000

export abstract class Connected extends Caller {
  connectedSinceMs = Infinity
  /** All messages of this connection. */
  readonly heard = new Set<string>()
  #drop: () => void = () => {}
  #ended = false

  /** Which socket it is, and whose. */
  abstract readonly socket: SocketKind
  /** A new connection begins with an empty screen. */
  protected abstract greeted(edge: SimEdge): void
  protected abstract told(message: Heard): void

  /** Topics that the socket hears; see protocol/dispatch/pushes.ts. */
  get topic(): string {
    return `${this.socket.role === 'tracking' ? 'order' : this.socket.role === 'pharmacy' ? 'vendor' : this.socket.role}:${this.socket.id}`
  }

  /** Connects, and connects again, until `hangUp`. */
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
        // Connections come and go in the best of times.
        this.world.schedule.after(this.chance.around(connectionMs), () => closed())
        if (!edge.node.alive || edge.node.paused) this.world.schedule.after(connectMs, closed)
      })
      this.#drop()
      await this.sleep(clientLimits.reconnectMsMin * this.chance.between(0.5, 4))
    }
  }

  #open(edge: SimEdge, closed: () => void): void {
    if (this.#ended) return closed()
    // A socket of before that was opened late, when its process went on.
    this.#drop()
    this.heard.clear()
    this.connectedSinceMs = this.world.schedule.nowMs
    const socket = this.world.faulty(this.#listener(closed))
    this.#drop = edge.open(this.socket, socket, run => {
      this.world.schedule.after(this.chance.between(1, 30), run)
    })
    this.greeted(edge)
  }

  #listener(closed: () => void) {
    return {
      heard: (message: Heard) => {
        this.heard.add(canonical(message))
        const { role, id } = this.socket
        if (role !== 'tracking')
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

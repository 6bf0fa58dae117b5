/**
 * A TCP proxy that makes the faults of a network on demand: cut, stall, delay, half-open, refuse,
 * narrow
 * bandwidth. It stands between one of our processes and one server, in the process that tortures
 * them.
 *
 * Rejected: toxiproxy, a binary to download at test time; and tc/iptables, which need root and act
 * on
 * the whole machine.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Lane } from './lane.ts'
import { fair, type Weather } from './weather.ts'

interface Connection {
  near: Socket
  far: Socket
  lanes: readonly Lane[]
}

export class FaultProxy {
  readonly port: number
  readonly #server: Server
  #targetPort: number
  readonly #weather: Weather = { ...fair }
  readonly #connections = new Set<Connection>()
  /** Connections begun so far, refused ones included: how hard somebody knocks. */
  attempts = 0

  private constructor(server: Server, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
    this.port = (server.address() as AddressInfo).port
    server.on('connection', near => this.#accept(near))
  }

  /** Listens on a free loopback port and passes everything on to `targetPort`. */
  static async start(targetPort: number): Promise<FaultProxy> {
    // Half-open sockets are passed on as such: one side may end before the other.
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new FaultProxy(server, targetPort)
  }

  get connections(): number {
    return this.#connections.size
  }

  /** From now on, for connections old and new; what is not named is fair. */
  set(weather: Partial<Weather>): void {
    Object.assign(this.#weather, fair, weather)
    for (const connection of this.#connections) {
      if (this.#weather.swallowing) {
        // The far end hears that the caller is gone; the caller hears nothing.
        connection.far.destroy()
        for (const lane of connection.lanes) lane.die()
      }
      for (const lane of connection.lanes) lane.pump()
    }
  }

  clear(): void {
    this.set(fair)
  }

  /**
   * From now on what connects here reaches another server, as behind an address that fails over;
   * `cut` sends those there who are connected.
   */
  retarget(port: number): void {
    this.#targetPort = port
  }

  /**
   * Every open connection is closed at both ends, with whatever was on its way; new ones are the
   * weather's business.
   */
  cut(): void {
    for (const { near, far } of this.#connections) {
      near.destroy()
      far.destroy()
    }
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => {
      this.#server.close(resolve)
    })
    this.cut()
    await closed
  }

  #accept(near: Socket): void {
    this.attempts++
    near.on('error', () => undefined)
    if (this.#weather.refusing) {
      near.destroy()
      return
    }
    const far = connect({
      port: this.#targetPort,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    })
    const connection: Connection = {
      near,
      far,
      lanes: [new Lane(near, far, this.#weather), new Lane(far, near, this.#weather)],
    }
    this.#connections.add(connection)
    let swallowed = this.#weather.swallowing
    if (swallowed) {
      for (const lane of connection.lanes) lane.die()
      far.destroy()
    }
    far.on('error', () => undefined)
    // A death at either end is news for the other, except where news is what gets lost.
    far.once('close', () => {
      swallowed ||= this.#weather.swallowing
      if (!swallowed) near.destroySoon()
    })
    near.once('close', () => {
      for (const lane of connection.lanes) lane.stop()
      far.destroy()
      this.#connections.delete(connection)
    })
  }
}

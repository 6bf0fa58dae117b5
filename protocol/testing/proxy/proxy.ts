/**
 * A TCP proxy that makes the faults of a network on demand: cut, stall, delay, half-open, refuse,
 * narrow bandwidth. It stands between one of our processes and one server, and runs in the process
 * of the test.
 *
 * Rejected: toxiproxy, a binary to download at test time. Rejected: tc and iptables, which need
 * root and act on the whole machine.
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
  /** Number of connections begun so far, refused ones included. */
  attempts = 0

  private constructor(server: Server, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
    this.port = (server.address() as AddressInfo).port
    server.on('connection', near => this.#accept(near))
  }

  /** Listens on a free loopback port and passes everything on to `targetPort`. */
  static async start(targetPort: number): Promise<FaultProxy> {
    // Half-open connections are passed on: one side may end before the other.
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

  /**
   * Sets the weather of old and new connections. A property that is not named gets its value of
   * fair weather.
   */
  set(weather: Partial<Weather>): void {
    Object.assign(this.#weather, fair, weather)
    for (const connection of this.#connections) {
      if (this.#weather.swallowing) {
        // The server learns that its client is gone; the client learns nothing.
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
   * From now on new connections reach another server, as behind an address that fails over. Call
   * `cut` to send the open connections there.
   */
  retarget(port: number): void {
    this.#targetPort = port
  }

  /**
   * Closes every open connection at both ends; bytes on their way are lost. It does not affect new
   * connections.
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
    // The end of one side ends the other side, except in a weather that swallows everything.
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

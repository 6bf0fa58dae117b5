/**
 * Clients that only listen: a customer, the holder of a tracking link, a pharmacy's fleet map. Each
 * is a connection that reconnects, with events named after the messages.
 */
import { Connection, type ConnectOptions } from './connection.ts'
import { Emitter } from './emitter.ts'
import type { ConnectionNews, CustomerGreeting, FleetMember, MessageEvents } from './messages.ts'

export interface CustomerEvents extends ConnectionNews, MessageEvents<'customer'> {
  open: CustomerGreeting
}
/** `state`, the whole state, comes the first time and after each reconnection. */
export interface TrackerEvents extends ConnectionNews, MessageEvents<'tracking'> {}
/** `fleet`, with every driver, comes the first time and after each reconnection. */
export interface FleetEvents extends ConnectionNews, MessageEvents<'fleet'> {}

/** A connection whose messages are its events. */
class Watcher<Events extends ConnectionNews> extends Emitter<Events> {
  protected readonly connection: Connection<{ type: string }>

  constructor(path: string, options: ConnectOptions) {
    super()
    this.connection = new Connection(path, options)
    this.connection.on('closed', closed => this.emit('closed', closed))
    this.connection.on('message', message =>
      this.emit(message.type as keyof Events, message as Events[keyof Events]),
    )
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }
  close(): void {
    this.connection.close()
  }
}

export class Customer extends Watcher<CustomerEvents> {
  constructor(options: ConnectOptions) {
    super('/ws/customer/', options)
    this.connection.on('open', greeting => this.emit('open', greeting as CustomerGreeting))
  }
}

export class Tracker extends Watcher<TrackerEvents> {}

export class Fleet extends Watcher<FleetEvents> {
  /** Every driver, as in the last message. */
  readonly drivers = new Map<string, FleetMember>()

  constructor(path: string, options: ConnectOptions) {
    super(path, options)
    this.on('fleet', ({ drivers }) => {
      this.drivers.clear()
      for (const driver of drivers) this.drivers.set(driver.driver_id, driver)
    })
    this.on('locations', ({ drivers }) => {
      for (const driver of drivers)
        this.drivers.set(driver.driver_id, { ...this.drivers.get(driver.driver_id), ...driver })
    })
    this.on('driver_status', ({ driver_id, status }) => {
      const known = this.drivers.get(driver_id)
      if (known !== undefined) this.drivers.set(driver_id, { ...known, status })
    })
  }
}

/** Connects the signed-in customer, now and again after each loss, until `close`. */
export function connectCustomer(options: ConnectOptions): Customer {
  return new Customer(options)
}

/** Needs no account: the token of the link is enough. */
export function connectTracker(
  options: Omit<ConnectOptions, 'token'> & { trackingToken: string },
): Tracker {
  return new Tracker(`/ws/tracking/${encodeURIComponent(options.trackingToken)}`, options)
}

/** Watches the drivers of a pharmacy, as that pharmacy or as an administrator. */
export function connectFleet(options: ConnectOptions & { vendorId: string }): Fleet {
  return new Fleet(`/ws/vendor/${encodeURIComponent(options.vendorId)}`, options)
}

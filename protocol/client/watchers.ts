/**
 * Those who only listen: a customer, the holder of a tracking link, a pharmacy's fleet map. Each is a
 * connection that comes back and events named after the messages.
 */
import { Connection, type ConnectOptions } from './connection.ts'
import { Emitter } from './emitter.ts'
import type {
  CustomerGreeting,
  DriverStatusChanged,
  RequestOver,
  ErrorMessage,
  FleetLocations,
  FleetMember,
  FleetMessage,
  LocationMessage,
  PharmacyResponse,
  StatusMessage,
  TrackingStateMessage,
} from './messages.ts'

interface CommonEvents {
  closed: { code: number; reason: string; final: boolean }
  error: ErrorMessage
}
export interface CustomerEvents extends CommonEvents {
  open: CustomerGreeting
  pharmacy_response: PharmacyResponse
  request_expired: RequestOver
  status: StatusMessage
  /** Where the drivers of one's own orders are. */
  location: LocationMessage
}
export interface TrackerEvents extends CommonEvents {
  /** The whole state, at the first time and after each reconnection. */
  state: TrackingStateMessage
  status: StatusMessage
  location: LocationMessage
}
export interface FleetEvents extends CommonEvents {
  /** Every driver, at the first time and after each reconnection. */
  fleet: FleetMessage
  /** Those that moved. */
  locations: FleetLocations
  driver_status: DriverStatusChanged
}

/** A connection whose messages are its events. */
class Watcher<Events extends CommonEvents> extends Emitter<Events> {
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
  /** Every driver as last heard of. */
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

export function connectCustomer(options: ConnectOptions): Customer {
  return new Customer(options)
}

/** Needs no account: the token of the link says it all. */
export function connectTracker(
  options: Omit<ConnectOptions, 'token'> & { trackingToken: string },
): Tracker {
  return new Tracker(`/ws/tracking/${encodeURIComponent(options.trackingToken)}`, options)
}

export function connectFleet(options: ConnectOptions & { vendorId: string }): Fleet {
  return new Fleet(`/ws/vendor/${encodeURIComponent(options.vendorId)}`, options)
}

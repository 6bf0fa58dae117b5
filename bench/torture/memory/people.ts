/**
 * The people of a torture run: pharmacies at their terminals and drivers on the road react to their
 * sockets, through the ordinary client. Each has its own random stream. Customers have no socket;
 * their stories are in `stories.ts`.
 */
import { randomUUID } from 'node:crypto'
import {
  connectDriver,
  connectTerminal,
  type Driver,
  type Terminal,
} from '../../../protocol/client/index.ts'
import { inParallel } from '../../rigs/parallel.ts'
import { newCustomer, newDriver, newPharmacy, runTag, type Person } from '../../rigs/people.ts'
import type { Chance } from '../../../protocol/kernel/chance.ts'
import { ask, type Tally } from './ask.ts'
import type { Memory } from './memory.ts'

export interface Pharmacist {
  id: string
  token: string
  terminal: Terminal
  drivers: DriverAtWork[]
}
export interface DriverAtWork {
  id: string
  pharmacyId: string
  token: string
  socket: Driver
}
export interface Customer {
  id: string
  token: string
}
export interface People {
  pharmacies: Pharmacist[]
  drivers: DriverAtWork[]
  customers: Customer[]
  close(): void
}

export interface PeopleOptions {
  urls: readonly string[]
  chance: Chance
  memory: Memory
  tally: Tally
  pharmacies: number
  driversEach: number
  customers: number
}

export const center = { latitude: 27.7172, longitude: 85.324 }
const locationEveryMs = 1_000
const answerTimeoutMs = 20_000
/** Registrations under way at once: hashing a password is slow on purpose. */
const registrationsAtOnce = 4

/** Registers and connects all people, before the faults begin. */
export async function gatherPeople(options: PeopleOptions): Promise<People> {
  const { urls, chance, pharmacies: count, driversEach } = options
  const tag = runTag()
  const urlOf = (index: number): string => urls[index % urls.length]!
  const pharmacies: Pharmacist[] = []
  const drivers: DriverAtWork[] = []
  const customers: Customer[] = []
  const timers: NodeJS.Timeout[] = []
  const chances = Array.from({ length: count * (1 + driversEach) }, (_, index) =>
    chance.fork(`person ${index}`),
  )

  await inParallel(Array.from({ length: count }), registrationsAtOnce, async (_, index) => {
    const url = urlOf(index)
    const place = { latitude: center.latitude + index * 0.002, longitude: center.longitude }
    const person = await newPharmacy(url, tag, index, `Pharmacy ${index}`, place)
    const terminal = connectTerminal(person.connect)
    const pharmacist: Pharmacist = {
      id: person.recordId,
      token: await person.api.accessToken(),
      terminal,
      drivers: [],
    }
    pharmacies.push(pharmacist)
    staff(pharmacist, chances[index]!, options.memory)
    for (let i = 0; i < driversEach; i++) {
      const at = count + index * driversEach + i
      const driver = await newDriver(urlOf(at), tag, at, pharmacist.id, {
        vehicle_type: 'bike',
        capacity: 2,
      })
      const driverAtWork = await onTheRoad(driver, pharmacist, chances[at]!, options, place, timers)
      drivers.push(driverAtWork)
      pharmacist.drivers.push(driverAtWork)
    }
  })
  await inParallel(
    Array.from({ length: options.customers }),
    registrationsAtOnce,
    async (_, index) => {
      const person = await newCustomer(urlOf(index), tag, index)
      customers.push({ id: person.id, token: await person.api.accessToken() })
    },
  )
  return {
    pharmacies,
    drivers,
    customers,
    close() {
      for (const timer of timers) clearInterval(timer)
      for (const { terminal } of pharmacies) terminal.close()
      for (const { socket } of drivers) socket.close()
    },
  }
}

/** The terminal accepts some requests, refuses some and ignores others. */
function staff({ id, terminal }: Pharmacist, chance: Chance, memory: Memory): void {
  terminal.on('new_request', ({ request_id }) => {
    const mood = chance.random()
    if (mood > 0.6) return
    const type = mood < 0.45 ? 'ACCEPTED' : 'REJECTED'
    setTimeout(
      () => {
        terminal.respond(request_id, type).then(
          result => {
            switch (result.outcome) {
              case 'won':
                return memory.won(request_id, id)
              // A pharmacy that refuses the order that it already has gets the same answer.
              case 'lost':
                return type === 'ACCEPTED'
                  ? memory.note(request_id, order => order.losers.add(id))
                  : undefined
              case 'recorded':
                return memory.note(request_id, order => order.declined.add(id))
              case 'expired':
                return memory.note(request_id, order => {
                  order.expiredTold = true
                })
              default:
                return undefined
            }
          },
          () => undefined,
        )
      },
      chance.between(0, 800),
    )
  })
}

async function onTheRoad(
  person: Person,
  pharmacist: Pharmacist,
  chance: Chance,
  options: PeopleOptions,
  place: { latitude: number; longitude: number },
  timers: NodeJS.Timeout[],
): Promise<DriverAtWork> {
  const { urls, memory, tally } = options
  const token = await person.api.accessToken()
  const socket = connectDriver(person.connect)
  const driverAtWork: DriverAtWork = {
    id: person.recordId,
    pharmacyId: pharmacist.id,
    token,
    socket,
  }
  const context = () => ({ urls, chance, tally, untilMs: performance.now() + answerTimeoutMs })
  await ask(context(), {
    method: 'PATCH',
    path: `/api/drivers/${driverAtWork.id}/status`,
    token,
    body: { status: 'available' },
    key: randomUUID(),
  })
  timers.push(
    setInterval(() => {
      socket.sendLocation({
        latitude: place.latitude + chance.between(-0.001, 0.001),
        longitude: place.longitude + chance.between(-0.001, 0.001),
      })
    }, locationEveryMs),
  )
  socket.on('offer', ({ offer_id, order_id }) => {
    const accept = chance.happens(0.75)
    const over = chance.happens(0.5) ? 'socket' : 'http'
    setTimeout(
      () => {
        if (over === 'socket')
          socket.respondToOffer(offer_id, accept).then(
            result => {
              if (result.outcome === 'accepted')
                memory.note(order_id, order => order.assigned.push(driverAtWork.id))
            },
            () => undefined,
          )
        else
          void ask(context(), {
            method: 'POST',
            path: `/api/orders/${order_id}/offers/${offer_id}/${accept ? 'accept' : 'decline'}`,
            token,
            body: {},
            key: randomUUID(),
          }).then(answer => {
            if (accept && answer?.status === 200)
              memory.note(order_id, order => order.assigned.push(driverAtWork.id))
          })
      },
      chance.between(0, 1_500),
    )
  })
  return driverAtWork
}

/**
 * The server under test as a stack: real accounts, tokens, requests journaled before the answer,
 * binary frames. A tracker's message does not contain the number of the frame, so the position
 * carries it: each frame of a delivery lies one step further north.
 */
import type { Context } from '../../harness/bench.ts'
import { inParallel } from '../../rigs/parallel.ts'
import { RawHttp } from '../../rigs/raw-http.ts'
import { RawSocket, maskedFrame, memberOf } from '../../rigs/raw-socket.ts'
import type { Population } from '../../rigs/population.ts'
import type { Server } from '../../rigs/server.ts'
import { encodeFrame } from '../../../protocol/river/frames.ts'
import { limits } from '../../../protocol/kernel/limits.ts'
import { fieldCenter, type Stack } from './stack.ts'

export const ourName = 'Caduceus'

const opensAtOnce = 128
const customersCount = 50
/**
 * Degrees of one step: a centimetre, so that a thousand steps a second are not an impossible speed.
 */
const step = 1e-7
/** Degrees between two openings: further than one opening moves, and not an impossible jump. */
const openingDegrees = 1e-4
const latitudeKey = Buffer.from('"latitude":')

/** The server under test as a stack of the load benches. */
export function ourStack(server: Server): Stack {
  const http = new RawHttp(server.url)
  const sockets: RawSocket[] = []
  let customers: string[] = []
  let turn = 0
  const deliveriesOf = new Map<number, Population['deliveries']>()
  let openings = 0
  const open = async (
    path: string,
    token: string | undefined,
    heard: (text: Buffer) => void,
  ): Promise<RawSocket> => {
    const socket = await patiently(() =>
      RawSocket.open({
        url: server.url,
        path,
        ...(token !== undefined && { token }),
        onText: (_, text) => heard(text),
      }),
    )
    sockets.push(socket)
    return socket
  }
  return {
    name: ourName,
    pids: () => server.pids,
    async openTerminals({ pharmacies }, arrived) {
      const people = await server.populate({ customers: customersCount, pharmacies })
      customers = people.customers.map(({ token }) => token)
      const terminals: RawSocket[] = []
      await inParallel(people.pharmacies, opensAtOnce, async ({ token }, terminal) => {
        terminals[terminal] = await open('/ws/pharmacy/', token, text => {
          if (text[9] !== newRequest) return
          // A pharmacy is told the items before it accepts, and not the notes.
          const marker = memberOf(text, 'name')
          if (marker !== null) arrived(marker, terminal)
        })
      })
      return terminals
    },
    async request({ latitude, longitude, radiusKm }, marker) {
      const { status, body } = await http.post(
        '/api/requests',
        customers[turn++ % customers.length]!,
        `{"latitude":${latitude},"longitude":${longitude},"radius_km":${radiusKm},"quantity":1,"items":[{"name":"${marker}","quantity":1}],"expires_in_seconds":${limits.requestTtlSecondsMin}}`,
      )
      if (status !== 201) throw new Error(`a request was answered ${status} ${body}`)
    },
    async openDeliveries(count, arrived) {
      const deliveries =
        deliveriesOf.get(count) ??
        (await server.populate({ pharmacies: [fieldCenter], deliveries: count })).deliveries
      deliveriesOf.set(count, deliveries)
      // The greeting of a tracker has the last position of an earlier opening, which must not count
      // for this one.
      const south = fieldCenter.latitude + openings++ * openingDegrees
      const [drivers, trackers]: RawSocket[][] = [[], []]
      await inParallel(deliveries, opensAtOnce, async ({ trackingToken, driverToken }, i) => {
        drivers[i] = await open('/ws/driver', driverToken, () => undefined)
        trackers[i] = await open(`/ws/tracking/${trackingToken}`, undefined, text => {
          if (text[9] !== location) return
          const latitude = numberAfter(text, latitudeKey)
          const sequence = Math.round((latitude - south) / step)
          if (sequence >= 0) arrived(i, sequence)
        })
      })
      const lastMs = new Float64Array(count)
      return {
        send(delivery, sequence) {
          // Device times of a driver must always grow, or the frame is a duplicate.
          const timestampMs = (lastMs[delivery] = Math.max(lastMs[delivery]! + 1, Date.now()))
          const frame = encodeFrame({
            seq: sequence + 1,
            timestampMs,
            latitude: south + sequence * step,
            longitude: fieldCenter.longitude,
            headingDeg: 0,
            speedMps: 8,
            accuracyM: null,
          })
          drivers[delivery]!.sendFrame(maskedFrame(frame, 2))
        },
        sockets: [...drivers, ...trackers],
      }
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      http.close()
      return Promise.resolve()
    },
  }
}

/** Repeats an opening that was told to come again (close code 1001), as our client does. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open()
    } catch (error) {
      if (attempt === attemptsMax || !(error as Error).message.startsWith('closed with 1001'))
        throw error
      await new Promise<void>(resolve => {
        setTimeout(resolve, comeAgainMs)
      })
    }
  }
}
const attemptsMax = 20
const comeAgainMs = 500

/** The distinguishing letter in `{"type":"new_request"` and `{"type":"location"`. */
const [newRequest, location] = [0x6e, 0x6c]

function numberAfter(text: Buffer, key: Buffer): number {
  const at = text.indexOf(key)
  return at < 0
    ? Number.NaN
    : Number.parseFloat(text.toString('latin1', at + key.length, at + key.length + 24))
}

/** Starts it in the bench's mode. */
export const startOurs = async (context: Pick<Context, 'server'>): Promise<Stack> =>
  ourStack(await context.server())

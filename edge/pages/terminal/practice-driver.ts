/**
 * A practice driver that exists only in this page: a real account, a real socket, simulated
 * movement. It accepts every offer, drives straight to the pharmacy and then to the customer, and
 * sends the messages of a driver's app.
 */
import {
  CaduceusError,
  connectDriver,
  errorCatalogue,
  RestClient,
  type AssignedMessage,
  type Driver,
} from '../../../protocol/client/index.ts'
import { factsOf } from '../../../protocol/orders/statuses.ts'
import { distanceKm, radians, type Place } from '../map/projection.ts'
import { problemText } from '../base/form.tsx'
import { kilometres } from '../base/format.ts'
import { practiceEmail, randomName } from '../shared/forms.ts'
import { say } from '../texts/index.ts'

interface Job {
  id: string
  pickup: Place
  dropoff: Place
  isFetched: boolean
}

const tickMs = 500
/**
 * Faster than traffic, so that nobody waits long, and well below the speed that the late-data
 * policy calls impossible.
 */
const speedMps = 40
/** A tab in the background ticks rarely; the driver then continues and does not jump. */
const stepSecondsMax = 2
const arrivedKm = 0.03
const handOverMs = 1_500
/** Degrees between the start and the pharmacy: about a kilometre, so that the drive is visible. */
const startDegrees = 0.008

export class PracticeDriver {
  readonly #say: (words: () => string) => void
  /** Kept in memory only, because this driver ends with the page. */
  readonly #api = new RestClient({ url: location.origin })
  #driver: Driver | null = null
  #position: Place
  #headingDeg = 0
  #timer: ReturnType<typeof setInterval> | undefined
  #tickedAtMs = performance.now()
  /** Deliveries in the order in which they were assigned. */
  readonly #jobs: Job[] = []
  #isBusy = false

  /** `onSaid` gets what the driver does, in the language of the moment. */
  constructor(pharmacy: Place, onSaid: (words: () => string) => void) {
    this.#say = onSaid
    this.#position = {
      latitude: pharmacy.latitude + startDegrees,
      longitude: pharmacy.longitude + startDegrees,
    }
  }

  /** Registers and starts work. Throws CaduceusError when the server refuses the driver. */
  async start(invitationCode: string): Promise<void> {
    await this.#register(invitationCode)
    const driver = connectDriver({
      url: location.origin,
      token: refused => this.#api.accessToken(refused),
    })
    this.#driver = driver
    driver.on('open', () => {
      this.#report(0)
      if (this.#jobs.length === 0) void driver.setStatus('available').catch(() => undefined)
      this.#say(() => say('practice.waiting'))
    })
    driver.on('offer', ({ offer_id }) => {
      // An unanswered offer goes to the next driver.
      driver.respondToOffer(offer_id, true).catch(() => undefined)
    })
    driver.on('assigned', message => this.#take(message))
    driver.on('closed', closed => {
      if (this.#driver !== driver) return
      this.#say(() => closed.reason || say('connection.lost'))
      if (closed.final) clearInterval(this.#timer)
    })
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    const driver = this.#driver
    this.#driver = null
    if (driver === null) return
    driver
      .setStatus('offline')
      .catch(() => undefined)
      .finally(() => driver.close())
  }

  #take({ order_id, pickup, dropoff, status }: AssignedMessage): void {
    if (this.#jobs.some(job => job.id === order_id)) return
    const isFetched = factsOf(status)?.carried === true
    this.#jobs.push({ id: order_id, pickup, dropoff, isFetched })
  }

  #tick(): void {
    const nowMs = performance.now()
    const seconds = Math.min((nowMs - this.#tickedAtMs) / 1000, stepSecondsMax)
    this.#tickedAtMs = nowMs
    const job = this.#jobs[0]
    if (job === undefined || this.#isBusy) {
      this.#report(0)
      return
    }
    const target = job.isFetched ? job.dropoff : job.pickup
    const leftKm = distanceKm(this.#position, target)
    const words = job.isFetched ? 'practice.bringing' : 'practice.fetching'
    this.#say(() => say(words, { distance: kilometres(leftKm) }))
    const stepKm = (seconds * speedMps) / 1000
    this.#drive(target, leftKm === 0 ? 1 : Math.min(1, stepKm / leftKm))
    this.#report(speedMps)
    if (leftKm - stepKm < arrivedKm) void this.#handOver(job)
  }

  /** Moves by that share of the route. */
  #drive(target: Place, share: number): void {
    const north = target.latitude - this.#position.latitude
    const east = target.longitude - this.#position.longitude
    const turned = Math.atan2(east * Math.cos(radians(target.latitude)), north) / radians(1)
    this.#headingDeg = (turned + 360) % 360
    this.#position = {
      latitude: this.#position.latitude + north * share,
      longitude: this.#position.longitude + east * share,
    }
  }

  #report(speed: number): void {
    this.#driver?.sendLocation({
      ...this.#position,
      headingDeg: this.#headingDeg,
      speedMps: speed,
    })
  }

  async #handOver(job: Job): Promise<void> {
    this.#isBusy = true
    try {
      await new Promise(resolve => {
        setTimeout(resolve, handOverMs)
      })
      if (job.isFetched) {
        const { url } = await this.#api.uploadFile('signature', await drawSignature())
        await this.#api.updateOrder(job.id, { status: 'delivered', signature_url: url })
        this.#jobs.shift()
        this.#say(() => say('practice.delivered'))
      } else {
        await this.#api.updateOrder(job.id, { status: 'picked_up' })
        await this.#api.updateOrder(job.id, { status: 'out_for_delivery' })
        job.isFetched = true
      }
    } catch (error) {
      // The order was most likely cancelled, so the driver continues with the next one.
      if (error instanceof CaduceusError && !errorCatalogue[error.code].retryable)
        this.#jobs.shift()
      this.#say(() => problemText(error))
    } finally {
      this.#isBusy = false
    }
  }

  async #register(invitation_code: string): Promise<void> {
    await this.#api.registerDriver({
      email: practiceEmail('driver'),
      full_name: 'Pippa Practice',
      phone: '+977-1-5550199',
      password: randomName(32),
      invitation_code,
      vehicle_type: 'scooter',
    })
  }
}

/** A signature is a picture that the driver uploads; for practice it is a line. */
async function drawSignature(): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), { width: 120, height: 40 })
  const pen = canvas.getContext('2d')!
  pen.moveTo(10, 30)
  pen.bezierCurveTo(40, 0, 70, 60, 110, 15)
  pen.stroke()
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => {
      if (blob === null) reject(new Error('the browser cannot make a picture'))
      else resolve(blob)
    })
  })
}

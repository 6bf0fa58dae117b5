/**
 * A driver who exists in this page only: a real account, a real socket, made-up movement. It takes
 * every offer, drives straight to the pharmacy and then to the customer, and says what a driver's app
 * would say on the way.
 */
import { call, connect, newId, practiceName } from './app.js'
import { distanceKm } from './map.js'
import { factsOf } from './statuses.js'

const tickMs = 500
/** Fast enough to be fun, and well below the speed that the late-data policy calls impossible. */
const speedMps = 40
/** A tab in the background ticks rarely; it drives on, not ahead. */
const stepSecondsMax = 2
const arrivedKm = 0.03
const handOverMs = 1_500

export class PracticeDriver {
  #invitationCode
  #say
  #account = null
  #socket = null
  #position
  #heading = 0
  #timer = 0
  #tickedAtMs = performance.now()
  /** Deliveries in the order in which they were assigned. */
  #jobs = []
  #busy = false

  /** `vendor`: the place of its pharmacy, some streets away from which it begins. */
  constructor(vendor, invitationCode, say) {
    this.#invitationCode = invitationCode
    this.#say = say
    // Some streets away, so that there is a way to see.
    this.#position = { latitude: vendor.latitude + 0.008, longitude: vendor.longitude + 0.008 }
  }

  async start() {
    const answer = await call('POST', '/api/drivers/register', {
      body: {
        email: `${practiceName('driver')}@example.org`,
        full_name: 'Pippa Practice',
        phone: '+977-1-5550199',
        password: newId(),
        invitation_code: this.#invitationCode,
        vehicle_type: 'scooter',
      },
    })
    // In memory only: this driver ends with the page.
    this.#account = {
      token: async renew => {
        if (renew) throw new Error("The practice driver's shift is over")
        return answer.access_token
      },
    }
    this.#socket = connect('/ws/driver', {
      account: this.#account,
      onMessage: message => this.#hear(message),
      onState: (state, words) => {
        if (state !== 'open') this.#say(words)
      },
    })
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  stop() {
    clearInterval(this.#timer)
    this.#socket?.send({ type: 'status', status: 'offline' })
    this.#socket?.stop()
  }

  #hear(message) {
    switch (message.type) {
      case 'connection':
        this.#report(0)
        if (this.#jobs.length === 0) this.#socket.send({ type: 'status', status: 'available' })
        this.#say('On the road, waiting for work')
        break
      case 'offer':
        this.#socket.send({ type: 'offer_response', offer_id: message.offer_id, accept: true })
        break
      case 'assigned':
        if (!this.#jobs.some(job => job.id === message.order_id))
          this.#jobs.push({
            id: message.order_id,
            pickup: message.pickup,
            dropoff: message.dropoff,
            fetched: factsOf(message.status)?.carried === true,
          })
        break
    }
  }

  #tick() {
    const nowMs = performance.now()
    const stepKm = (Math.min((nowMs - this.#tickedAtMs) / 1000, stepSecondsMax) * speedMps) / 1000
    this.#tickedAtMs = nowMs
    const job = this.#jobs[0]
    const target =
      job === undefined ? null : job.fetched || job.pickup === null ? job.dropoff : job.pickup
    if (target === null || this.#busy) {
      this.#report(0)
      return
    }
    const leftKm = distanceKm(this.#position, target)
    this.#say(
      job.fetched
        ? `Bringing it, ${leftKm.toFixed(1)} km to go`
        : `Fetching it, ${leftKm.toFixed(1)} km to go`,
    )
    const share = leftKm === 0 ? 1 : Math.min(1, stepKm / leftKm)
    const [dLatitude, dLongitude] = [
      target.latitude - this.#position.latitude,
      target.longitude - this.#position.longitude,
    ]
    this.#heading =
      ((Math.atan2(dLongitude * Math.cos((target.latitude * Math.PI) / 180), dLatitude) * 180) /
        Math.PI +
        360) %
      360
    this.#position = {
      latitude: this.#position.latitude + dLatitude * share,
      longitude: this.#position.longitude + dLongitude * share,
    }
    this.#report(speedMps)
    if (leftKm * (1 - share) < arrivedKm) void this.#handOver(job)
  }

  #report(speed) {
    this.#socket?.send({
      type: 'location',
      ...this.#position,
      heading: Math.min(359.9, this.#heading),
      speed,
    })
  }

  async #handOver(job) {
    this.#busy = true
    try {
      await new Promise(resolve => {
        setTimeout(resolve, handOverMs)
      })
      if (job.fetched) {
        await this.#patch(job, { status: 'delivered', signature_url: await this.#signed() })
        this.#jobs.shift()
        this.#say('Delivered; waiting for work')
      } else {
        await this.#patch(job, { status: 'picked_up' })
        await this.#patch(job, { status: 'out_for_delivery' })
        job.fetched = true
      }
    } catch (error) {
      // Cancelled meanwhile, most likely: on to the next one.
      if (error.status >= 400 && error.status < 500) this.#jobs.shift()
      this.#say(error.message)
    } finally {
      this.#busy = false
    }
  }

  /** A signature is a picture that the driver uploads: a line will do for practice. */
  async #signed() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 120, height: 40 })
    const pen = canvas.getContext('2d')
    pen.moveTo(10, 30)
    pen.bezierCurveTo(40, 0, 70, 60, 110, 15)
    pen.stroke()
    const form = new FormData()
    form.append(
      'file',
      await new Promise(resolve => {
        canvas.toBlob(resolve)
      }),
      'signature.png',
    )
    const response = await fetch('/api/uploads/signature', {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.#account.token(false)}` },
      body: form,
    })
    const answer = await response.json()
    if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status })
    return answer.url
  }

  async #patch(job, body) {
    await call('PATCH', `/api/orders/${job.id}`, {
      body,
      token: await this.#account.token(false),
      key: newId(),
    })
  }
}

/**
 * A customer who orders, sometimes cancels, and follows the order on a socket: from a list at
 * connection, by pushes after that. Some give the link to another person, who follows without an
 * account.
 */
import type { OrderVerb } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { Connected } from './connection.ts'
import { type Heard, listed, type SocketKind } from './edge/edge.ts'
import { cityCentre, isEnded, quote, tell } from './people.ts'

type Arguments = ConstructorParameters<typeof Connected> extends [string, ...infer R] ? R : never

/** A holder of the tracking link. */
class Follower extends Connected {
  readonly socket: SocketKind
  constructor(orderId: string, ...rest: ConstructorParameters<typeof Connected>) {
    super(...rest)
    this.socket = { role: 'tracking', id: orderId }
  }

  protected greeted(): void {
    /* The page of the link is not simulated. */
  }
  protected told(): void {
    /* The checker judges what it may hear. */
  }
}

export class Customer extends Connected {
  readonly customerId: string
  readonly socket: SocketKind
  /** Orders that have not ended, as far as this customer knows. */
  readonly open = new Map<string, { version: number; locatedMs: number }>()

  constructor(name: string, customerId: string, ...rest: Arguments) {
    super(name, ...rest)
    this.customerId = customerId
    this.socket = { role: 'customer', id: customerId }
  }

  get #by(): Principal {
    return { role: 'customer', id: this.customerId }
  }

  async live(thinkMs: number, pharmacyIds: readonly string[]): Promise<void> {
    void this.stayConnected()
    for (;;) {
      await this.sleep(this.chance.around(thinkMs))
      if (this.world.closing()) return
      void this.#order(pharmacyIds)
    }
  }

  protected greeted(): void {
    // Read the page's list after the socket is open.
    for (const view of listed(
      this.world.database,
      one => one.user_id === this.customerId && this.open.has(one.id),
    ))
      this.#see(view)
  }

  protected told(message: Heard): void {
    const known = this.open.get(String(message['order_id']))
    if (known === undefined) return
    if (message.type === 'location') known.locatedMs = this.world.schedule.nowMs
    if (message.type === 'status' && isEnded({ status: message['status'] as OrderView['status'] }))
      this.#over(String(message['order_id']))
  }

  #see(view: OrderView): void {
    const known = this.open.get(view.id)
    if (known === undefined) return
    if (view.version < known.version)
      this.world.checker.fail(
        '[4]',
        `${this.name} saw version ${known.version} and then ${view.version}`,
        view.id,
      )
    known.version = view.version
    if (isEnded(view)) this.#over(view.id)
  }

  #over(orderId: string): void {
    this.open.delete(orderId)
    // A holder of the link can follow for ever, so the customer can revoke it at any time.
    if (this.chance.happens(0.15)) void tell(this, this.#by, orderId, 'reissue_tracking', {})
  }

  async #order(pharmacyIds: readonly string[]): Promise<void> {
    const {
      chance,
      customerId,
      world: {
        checker: { witness },
      },
    } = this
    const place = {
      latitude: cityCentre.latitude + chance.between(-0.02, 0.02),
      longitude: cityCentre.longitude + chance.between(-0.02, 0.02),
    }
    const person = {
      customer_id: customerId,
      customer_name: `${this.name} Of-${this.name}`,
      customer_phone: `+1415555${this.name.replace(/\D/g, '').padStart(4, '3')}`,
    }
    const items = [{ name: 'aspirin', quantity: chance.whole(1, 5) }]
    const isBroadcast = chance.happens(0.7)
    const words = {
      delivery_address: `${chance.whole(1, 999)} Street of ${this.name}`,
      ...(chance.happens(0.5) && { notes: `ring ${chance.whole(1, 9)} times` }),
      ...(chance.happens(0.3) && {
        prescription_url: `/uploads/prescriptions/${chance.whole(1, 1e6)}.jpg`,
      }),
    }
    const body = isBroadcast
      ? {
          ...place,
          radius_km: chance.happens(0.03) ? 1 : 10,
          items,
          expires_in_seconds: chance.pick([10, 30, 60, 120]),
          ...words,
          ...(chance.happens(0.3) && { quantity: chance.whole(1, 9) }),
        }
      : {
          vendor_id: chance.pick(pharmacyIds),
          delivery_latitude: place.latitude,
          delivery_longitude: place.longitude,
          items,
          ...words,
        }
    // The customer got a quote of a fee, for this pharmacy or for any.
    if (chance.happens(0.3))
      Object.assign(body, {
        fee: quote(
          this,
          'vendor_id' in body
            ? chance.pick([body.vendor_id, null])
            : chance.pick([null, null, chance.pick(pharmacyIds)]),
        ),
      })
    // Some customers are far away, where there is no pharmacy.
    if (isBroadcast && chance.happens(0.03)) Object.assign(body, { latitude: 10, longitude: 10 })
    const verb: OrderVerb = isBroadcast ? 'broadcast' : 'create'
    const answer = await this.post(
      verb,
      body,
      async (edge, { commandId, targetId }) => {
        witness.asked(targetId, { verb, customerId, body: { ...person, ...body } })
        witness.commanded(targetId, { verb, role: 'customer', id: customerId, data: body })
        // A push may arrive before the answer.
        if (!this.open.has(targetId)) this.open.set(targetId, { version: 0, locatedMs: 0 })
        return (
          await edge.commands.order({
            id: commandId,
            actor_id: targetId,
            verb,
            by: this.#by,
            data: { order_id: targetId, ...person, ...body },
          })
        ).order
      },
      order => order.id,
    )
    if (!answer.ok) return
    // A repeated answer equals the first one and may be older than the list.
    if (isEnded(answer.value)) this.#over(answer.value.id)
    await this.#follow(answer.value.id)
  }

  async #follow(id: string): Promise<void> {
    const { chance } = this
    let cancels = chance.happens(0.15)
    // A customer who sent the link to the wrong person revokes it repeatedly.
    const reissues = chance.happens(0.15)
    const follower = chance.happens(0.3)
      ? new Follower(id, `${this.name}'s friend`, chance.fork(id), this.world)
      : null
    if (follower !== null) {
      this.world.joined(follower)
      void follower.stayConnected()
    }
    while (this.open.has(id)) {
      await this.sleep(chance.around(cancels || reissues ? 20_000 : 60_000))
      if (!this.open.has(id)) break
      if (reissues && chance.happens(0.5)) await tell(this, this.#by, id, 'reissue_tracking', {})
      else if (cancels && !this.world.closing()) {
        cancels = false
        await tell(this, this.#by, id, 'cancel', { reason: 'no longer needed' })
      }
    }
    if (follower === null) return
    await this.sleep(20_000)
    follower.hangUp()
    this.world.left(follower)
  }
}

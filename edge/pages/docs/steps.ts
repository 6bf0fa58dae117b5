/** A whole delivery in eight steps, which anybody can run against this server as it stands. */
import { RestClient, type Account } from '../../../protocol/client/index.ts'
import { practiceEmail, randomName } from '../shared/forms.ts'

const place = { latitude: 27.7172, longitude: 85.324 }
/** The smallest picture that a signature can be: one white point. */
const signaturePng =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2SgAAAABJRU5ErkJggg=='

export const people = ['pharmacy', 'customer', 'driver'] as const
export type Person = (typeof people)[number]

/** What the steps before have made. */
export class Delivery {
  readonly #clients = new Map<Person, RestClient>()
  readonly #accounts = new Map<Person, Account>()
  #orderId = ''

  /** The access token of a person; null before the step that registers the person. */
  tokenOf(person: Person): string | null {
    return this.#clients.get(person)?.tokens?.access_token ?? null
  }

  /** Runs a step. Resolves with the server's answer; rejects with its refusal. */
  run(index: number): Promise<unknown> {
    return steps[index]!.run(this)
  }

  async enter(person: Person, path: string, body: object): Promise<unknown> {
    const api = new RestClient({ url: location.origin })
    const answer = await api.call<{ user: Account; access_token: string; refresh_token: string }>(
      'POST',
      path,
      { body: { ...body, email: practiceEmail(person), password: randomName(12) } },
    )
    api.use(answer)
    this.#clients.set(person, api)
    this.#accounts.set(person, answer.user)
    const { access_token: _, refresh_token: __, ...shown } = answer
    return shown
  }

  call(person: Person, method: string, path: string, body: object): Promise<unknown> {
    return this.as(person).call(method, path, { body })
  }
  as(person: Person): RestClient {
    const api = this.#clients.get(person)
    if (api === undefined) throw new Error('run the steps before this one')
    return api
  }
  account(person: Person): Account {
    const account = this.#accounts.get(person)
    if (account === undefined) throw new Error('run the steps before this one')
    return account
  }
  get orderId(): string {
    return this.#orderId
  }
  set orderId(id: string) {
    this.#orderId = id
  }
}

interface DeliveryStep {
  title: string
  /** The operation, as the reference below names it. */
  operation: string
  run(delivery: Delivery): Promise<unknown>
}

export const steps: readonly DeliveryStep[] = [
  {
    title: 'A pharmacy registers',
    operation: 'POST /api/vendors/register',
    run: delivery =>
      delivery.enter('pharmacy', '/api/vendors/register', {
        business_name: 'Practice Pharmacy',
        phone: '+9779800000001',
        ...place,
      }),
  },
  {
    title: 'A customer registers',
    operation: 'POST /api/auth/register',
    run: delivery =>
      delivery.enter('customer', '/api/auth/register', {
        full_name: 'Asha Practice',
        phone: '+9779800000002',
        role: 'user',
      }),
  },
  {
    title: 'A driver registers with the pharmacy',
    operation: 'POST /api/drivers/register',
    run: delivery =>
      delivery.enter('driver', '/api/drivers/register', {
        full_name: 'Dee Practice',
        phone: '+9779800000003',
        vehicle_type: 'scooter',
        vendor_id: delivery.account('pharmacy').vendor_id,
      }),
  },
  {
    title: 'The driver goes on duty',
    operation: 'PATCH /api/drivers/{id}/status',
    run: delivery =>
      delivery.call(
        'driver',
        'PATCH',
        `/api/drivers/${delivery.account('driver').driver_id}/status`,
        {
          status: 'available',
        },
      ),
  },
  {
    title: 'The customer asks the pharmacies nearby',
    operation: 'POST /api/requests',
    async run(delivery) {
      const answer = await delivery.as('customer').createRequest({
        ...place,
        radius_km: 5,
        quantity: 1,
        items: [{ name: 'Paracetamol 500 mg', quantity: 1 }],
      })
      delivery.orderId = answer.request_id
      return answer
    },
  },
  {
    title: 'The pharmacy accepts',
    operation: 'POST /api/requests/{id}/responses',
    run: delivery =>
      delivery.as('pharmacy').respond(delivery.orderId, { response_type: 'ACCEPTED' }),
  },
  {
    title: 'The pharmacy picks its driver',
    operation: 'POST /api/orders/{id}/assign-driver',
    run: delivery =>
      delivery
        .as('pharmacy')
        .assignDriver(delivery.orderId, delivery.account('driver').driver_id ?? ''),
  },
  {
    title: 'The driver fetches it, brings it, and has it signed for',
    operation: 'PATCH /api/orders/{id}',
    async run(delivery) {
      const driver = delivery.as('driver')
      await driver.updateOrder(delivery.orderId, { status: 'picked_up' })
      await driver.updateOrder(delivery.orderId, { status: 'out_for_delivery' })
      const bytes = Uint8Array.from(atob(signaturePng), one => one.charCodeAt(0))
      const { url } = await driver.uploadFile('signature', bytes)
      return driver.updateOrder(delivery.orderId, {
        status: 'delivered',
        signature_url: url,
        reason: 'A practice delivery without a position',
      })
    },
  },
]

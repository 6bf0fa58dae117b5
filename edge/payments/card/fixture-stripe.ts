/**
 * A local double of Stripe for tests: it answers the SDK of Stripe on STRIPE_URL with the shapes of
 * Stripe's own examples, keeps idempotency keys as Stripe does, and signs its messages with the SDK.
 * A test decides when a message is sent, how often and in which order, and which answers are lost.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import Stripe from 'stripe'
import { assetUrl } from '../../../protocol/kernel/assets.ts'

const { resources: examples } = JSON.parse(
  readFileSync(assetUrl('edge/payments/card/fixture-stripe.json'), 'utf8'),
) as { resources: Record<'payment_intent' | 'charge' | 'refund' | 'event', object> }

const manual = { ...examples.payment_intent, capture_method: 'manual', next_action: null }

interface Intent {
  id: string
  status: string
  amount: number
  amount_capturable: number
  amount_received: number
  currency: string
  client_secret: string
  metadata: Record<string, string>
  last_payment_error: object | null
  latest_charge: object | null
}
interface Refund {
  id: string
  amount: number
  currency: string
  status: string
  metadata: Record<string, string>
  payment_intent: string
}
interface Answer {
  status: number
  body: object
}
export interface Asked {
  method: string
  path: string
  key: string | null
  fields: URLSearchParams
}

const error = (
  status: number,
  code: string,
  type = 'invalid_request_error',
  more = {},
): Answer => ({
  status,
  body: { error: { type, code, message: code, ...more } },
})
const metadataOf = (fields: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...fields].flatMap(([name, value]) => {
      const key = /^metadata\[(\w+)\]$/.exec(name)?.[1]
      return key === undefined ? [] : [[key, value]]
    }),
  )

export class StripeDouble {
  readonly webhookSecret = 'whsec_double'
  readonly asked: Asked[] = []
  /** Messages that nobody has sent yet, as JSON. */
  readonly messages: string[] = []
  /** The next answers of such requests are lost after they were done; by the end of the path. */
  readonly loses: string[] = []
  /** The next such requests are refused with this type of error, and nothing is kept of them. */
  readonly refuses: { end: string; type: string }[] = []
  /** Runs after a request was done and before its answer is sent. */
  beforeAnswer: (asked: Asked) => Promise<void> = async () => {}
  /** The state in which refunds begin. */
  refundsBegin = 'succeeded'
  readonly #intents = new Map<string, Intent>()
  readonly #refunds = new Map<string, Refund>()
  readonly #keys = new Map<string, { asked: string; answer: Answer }>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #ids = 0
  readonly #tokens = new Set<string>()

  async start(): Promise<string> {
    await new Promise<void>(resolve => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => {
      this.#server.close(resolve)
    })
  }

  /** What Stripe holds for the platform, in its smallest units. */
  balance(currency: string): number {
    const sum = (rows: Iterable<{ currency: string }>, of: (row: never) => number): number =>
      [...rows].reduce((all, row) => all + (row.currency === currency ? of(row as never) : 0), 0)
    return (
      sum(this.#intents.values(), (one: Intent) => one.amount_received) -
      sum(this.#refunds.values(), (one: Refund) => (one.status === 'failed' ? 0 : one.amount))
    )
  }
  /** The payments of an order, oldest first. */
  intentsOf(orderId: string): Intent[] {
    return [...this.#intents.values()].filter(one => one.metadata['order_id'] === orderId)
  }

  /** The customer's device confirms a payment with a card. */
  confirm(id: string, token: string): void {
    const intent = this.#intents.get(id)!
    const isDeclined = token.includes('chargeDeclined')
    const asks = token.includes('authenticationRequired')
    intent.last_payment_error = isDeclined
      ? { type: 'card_error', code: 'card_declined', decline_code: 'generic_decline' }
      : null
    intent.status = isDeclined
      ? 'requires_payment_method'
      : asks
        ? 'requires_action'
        : 'requires_capture'
    if (intent.status === 'requires_capture') this.authenticate(id)
    else this.#tell(`payment_intent.${isDeclined ? 'payment_failed' : 'requires_action'}`, intent)
  }
  /** The customer has proven to be the holder of the card. */
  authenticate(id: string): void {
    const intent = this.#intents.get(id)!
    intent.status = 'requires_capture'
    intent.amount_capturable = intent.amount
    intent.latest_charge = {
      ...examples.charge,
      id: `ch_${id.slice(3)}`,
      payment_intent: id,
      payment_method_details: { type: 'card', card: { capture_before: 1_900_000_000 } },
    }
    this.#tell('payment_intent.amount_capturable_updated', intent)
  }
  /** The authorisation is over at the bank. */
  expire(id: string): void {
    const intent = this.#intents.get(id)!
    intent.status = 'canceled'
    intent.amount_capturable = 0
    this.#tell('payment_intent.canceled', intent)
  }
  /** What Stripe does after a day. */
  forgetKeys(): void {
    this.#keys.clear()
  }
  refundsOf(intentId: string): Refund[] {
    return [...this.#refunds.values()].filter(one => one.payment_intent === intentId)
  }
  endRefunds(status: 'succeeded' | 'failed'): void {
    for (const refund of this.#refunds.values())
      if (refund.status === 'pending') {
        refund.status = status
        this.#tell(status === 'failed' ? 'refund.failed' : 'refund.updated', refund)
      }
  }

  /** A message with its signature, as Stripe sends it. */
  signed(payload: string, secret = this.webhookSecret): { payload: string; signature: string } {
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret })
    return { payload, signature }
  }

  #tell(type: string, object: object): void {
    this.messages.push(
      JSON.stringify({
        ...examples.event,
        id: `evt_${++this.#ids}`,
        type,
        livemode: false,
        data: { object },
      }),
    )
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { pathname: path, search } = new URL(request.url!, 'http://double')
    const asked: Asked = {
      method: request.method!,
      path,
      key: (request.headers['idempotency-key'] as string | undefined) ?? null,
      fields: new URLSearchParams(text === '' ? search : text),
    }
    this.asked.push(asked)
    const refused = this.refuses.findIndex(one => path.endsWith(one.end) && asked.method === 'POST')
    if (refused >= 0) {
      const { type } = this.refuses.splice(refused, 1)[0]!
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify(error(400, 'refused_once', type).body))
      return
    }
    const same = `${asked.method} ${path} ${text}`
    const known = asked.key === null ? undefined : this.#keys.get(asked.key)
    const answer =
      known === undefined
        ? this.#do(asked)
        : known.asked === same
          ? known.answer
          : error(400, 'idempotency_key_in_use', 'idempotency_error')
    // A copy, because the object goes on changing.
    const kept = { status: answer.status, body: structuredClone(answer.body) }
    if (asked.key !== null && known === undefined)
      this.#keys.set(asked.key, { asked: same, answer: kept })
    await this.beforeAnswer(asked)
    const lost = this.loses.findIndex(end => path.endsWith(end) && asked.method === 'POST')
    if (lost >= 0) {
      this.loses.splice(lost, 1)
      request.socket.destroy()
      return
    }
    response.writeHead(kept.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(kept.body))
  }

  #do({ method, path, fields }: Asked): Answer {
    const [, , kind, id, verb] = path.split('/')
    if (kind === 'payment_intents' && id === undefined) return this.#create(fields)
    if (kind === 'refunds' && id === undefined)
      return method === 'POST'
        ? this.#refund(fields)
        : {
            status: 200,
            body: {
              object: 'list',
              has_more: false,
              data: this.refundsOf(fields.get('payment_intent')!),
            },
          }
    if (kind === 'refunds') {
      const refund = this.#refunds.get(id!)
      return refund === undefined ? error(404, 'resource_missing') : { status: 200, body: refund }
    }
    const intent = this.#intents.get(id!)
    if (kind !== 'payment_intents' || intent === undefined) return error(404, 'resource_missing')
    if (method === 'GET') return { status: 200, body: intent }
    if (verb === 'capture') {
      const amount = Number(fields.get('amount_to_capture'))
      if (intent.status !== 'requires_capture') return error(400, 'payment_intent_unexpected_state')
      if (!(amount <= intent.amount_capturable)) return error(400, 'amount_too_large')
      Object.assign(intent, { status: 'succeeded', amount_received: amount, amount_capturable: 0 })
      this.#tell('payment_intent.succeeded', intent)
      return { status: 200, body: intent }
    }
    if (intent.status === 'succeeded' || intent.status === 'canceled')
      return error(400, 'payment_intent_unexpected_state')
    this.expire(intent.id)
    return { status: 200, body: intent }
  }

  #create(fields: URLSearchParams): Answer {
    const id = `pi_${++this.#ids}`
    const amount = Number(fields.get('amount'))
    if (!Number.isSafeInteger(amount) || amount < 1) return error(400, 'parameter_invalid_integer')
    // A card of nobody works once; cards of Stripe's tests work always.
    const token = fields.get('payment_method')
    if (token !== null && this.#tokens.has(token)) return error(400, 'payment_method_used')
    if (token !== null && !token.startsWith('pm_card_')) this.#tokens.add(token)
    const intent: Intent = {
      ...manual,
      id,
      amount,
      amount_capturable: 0,
      amount_received: 0,
      currency: fields.get('currency')!,
      client_secret: `${id}_secret_${++this.#ids}`,
      status: 'requires_payment_method',
      metadata: metadataOf(fields),
      last_payment_error: null,
      latest_charge: null,
    }
    this.#intents.set(id, intent)
    this.#tell('payment_intent.created', intent)
    if (token !== null) this.confirm(id, token)
    return intent.last_payment_error === null
      ? { status: 200, body: intent }
      : error(402, 'card_declined', 'card_error', { payment_intent: intent })
  }

  #refund(fields: URLSearchParams): Answer {
    const intent = this.#intents.get(fields.get('payment_intent')!)
    if (intent?.status !== 'succeeded') return error(400, 'charge_not_refundable')
    const amount = Number(fields.get('amount'))
    const before = [...this.#refunds.values()].filter(
      one => one.payment_intent === intent.id && one.status !== 'failed',
    )
    if (before.reduce((sum, one) => sum + one.amount, amount) > intent.amount_received)
      return error(400, 'charge_already_refunded')
    const refund: Refund = {
      ...examples.refund,
      id: `re_${++this.#ids}`,
      amount,
      currency: intent.currency,
      status: this.refundsBegin,
      metadata: metadataOf(fields),
      payment_intent: intent.id,
    }
    this.#refunds.set(refund.id, refund)
    this.#tell('refund.created', refund)
    return { status: 200, body: refund }
  }
}

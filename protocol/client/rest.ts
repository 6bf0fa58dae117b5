/**
 * The REST side for programs: sign in, ask, answer, follow. It adds three things to `fetch`. A call
 * that writes has an idempotency key, so that a repeat after a lost answer does not order twice. A
 * new access token replaces an old one in time. Errors have their code.
 *
 * ```ts
 * const api = new RestClient({ url: 'http://127.0.0.1:8000' }) await api.login('ann@example.org',
 * 'password123') const door = { latitude: 27.7172, longitude: 85.324 } const { request_id } = await
 * api.createRequest({ ...door, radius_km: 5 }) const customer = connectCustomer({ url, token: () =>
 * api.accessToken() })
 * ```
 */
import type { Entry as ConversationEntry, Topic } from '../conversations/parts.ts'
import type { ConversationView as Conversation } from '../conversations/view.ts'
import type { OrderCommandData } from '../dispatch/commands.ts'
import { CaduceusError, errorCatalogue } from '../kernel/errors.ts'
import type { OrderStatus } from '../orders/statuses.ts'
import type { OrderView } from '../orders/view.ts'
import type {
  Account,
  NewConversation,
  NewMessage,
  NewRating,
  RatedSubject,
  Rating,
  ReportReason,
  OrderUpdate,
  RegisterAccount,
  RegisterDriver,
  RegisterVendor,
  Tokens,
} from './rest-shapes.ts'
import type { TrackingStateMessage } from './messages.ts'
import { BroadcastCalls } from './broadcast.ts'
import { claimsOf, problemOf } from './rest-answers.ts'
import { newKey, signsIn } from './rest-calls.ts'
import type { PlacementMoney } from '../orders/said-money.ts'
import { CustodyCalls } from './custody.ts'
import { PaymentCalls } from './payments.ts'
import { PayoutCalls } from './payouts.ts'
import { InsightCalls } from './insights.ts'
import { MediaCalls } from './media.ts'
import { RideCalls } from './rides.ts'
import { SupportCalls } from './support.ts'
import { TripCalls } from './trips.ts'
import { InboxCalls } from './notifications.ts'
import { MemberCalls, type RegisterMember } from './members.ts'
import { PaperCalls } from './papers.ts'
import { PushDeviceCalls } from './push-devices.ts'
import { Visits } from './visits.ts'
import { sendInParts, type UploadedFile, type UploadKind, type UploadOptions } from './uploads.ts'
import { clientLimits, uploadLimits } from './limits.ts'

export interface RestOptions {
  url: string
  /** Of an earlier sign-in. Without a refresh token it ends with the access token. */
  tokens?: GivenTokens
  fetch?: typeof globalThis.fetch
  /**
   * For a page whose refresh token is in a cookie: gets a new access token. Throws
   * `token_invalid` when the sign-in is over.
   */
  renew?(): Promise<string>
  /** Called with new tokens, so that the app can store them. */
  onTokens?(tokens: Tokens): void
  /** Called when the sign-in has ended: the server refused both tokens, or `logout` was called. */
  onSignedOut?(): void
}
export type GivenTokens = Pick<Tokens, 'access_token'> & Partial<Tokens>
interface SignedIn extends Tokens {
  user: Account
}

export type NewRequestBody = Omit<
  OrderCommandData['broadcast'],
  'order_id' | 'customer_id' | 'customer_name' | 'customer_phone' | 'items' | 'expires_in_seconds'
> &
  Partial<Pick<OrderCommandData['broadcast'], 'items' | 'expires_in_seconds'>> &
  ForCustomer
export type NewOrderBody = Omit<
  OrderCommandData['create'],
  'order_id' | 'customer_id' | 'customer_name' | 'customer_phone'
> &
  ForCustomer
/** The customer for whom an administrator asks. */
interface ForCustomer extends PlacementMoney {
  user_id?: string
}
interface CallOptions {
  body?: object
  /** The bytes of one file, in place of `body`. */
  bytes?: Blob
  query?: Record<string, string | number | boolean | undefined>
  headers?: Record<string, string>
  idempotencyKey?: string
  timeoutMs?: number
}

export class RestClient {
  readonly custody = new CustodyCalls((method, path, options) => this.call(method, path, options))
  readonly inbox = new InboxCalls((method, path, options) => this.call(method, path, options))
  readonly members = new MemberCalls((...given) => this.call(...given))
  readonly payments = new PaymentCalls((...given) => this.call(...given))
  readonly payouts = new PayoutCalls((...given) => this.call(...given))
  readonly papers = new PaperCalls((method, path, options) => this.call(method, path, options))
  readonly pushDevices = new PushDeviceCalls((...given) => this.call(...given))
  readonly insights = new InsightCalls((method, path, options) => this.call(method, path, options))
  readonly trips = new TripCalls((method, path, options) => this.call(method, path, options))
  /** The names of the broadcast and of the rides backend. */
  readonly broadcast = new BroadcastCalls((...given) => this.call(...given))
  readonly rides = new RideCalls((...given) => this.call(...given))
  /** For administrators. */
  readonly support = new SupportCalls((...given) => this.call(...given))
  /** Codes and speech. */
  readonly media = new MediaCalls(
    (...given) => this.call(...given),
    (...given) => this.#bytesOf(...given),
  )
  /** Services and appointments. */
  readonly visits = new Visits((method, path, options) => this.call(method, path, options))
  readonly #url: string
  readonly #fetch: typeof globalThis.fetch
  readonly #renew: (() => Promise<string>) | undefined
  readonly #onTokens: (tokens: Tokens) => void
  readonly #onSignedOut: () => void
  #tokens: GivenTokens | null
  /** Time when the access token ends, by the clock of this device. */
  #endsAtMs = 0
  #refreshing: Promise<void> | null = null

  constructor(options: RestOptions) {
    this.#url = options.url.replace(/\/$/, '')
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
    this.#renew = options.renew
    this.#tokens = options.tokens ?? null
    this.#onTokens = options.onTokens ?? (() => undefined)
    this.#onSignedOut = options.onSignedOut ?? (() => undefined)
    if (this.#tokens !== null)
      this.#endsAtMs = claimsOf(this.#tokens.access_token).expiresAtSeconds * 1_000
  }

  get tokens(): GivenTokens | null {
    return this.#tokens
  }
  /** Uses tokens that the server has just issued; their lifetime counts from now. */
  use(tokens: GivenTokens): void {
    this.#keep(tokens)
  }

  /**
   * A token that is valid for at least half a minute; pass this function to the `connect…`
   * functions. `refused` asks for another token, because the server refused the last one. Throws
   * `unauthenticated` when nobody is signed in.
   */
  async accessToken(refused = false): Promise<string> {
    if (this.#tokens === null) {
      if (this.#renew === undefined) throw new CaduceusError('unauthenticated')
      await this.#refresh()
      return this.#tokens!.access_token
    }
    const isOld = this.#endsAtMs - Date.now() < clientLimits.tokenReserveMs
    const isRenewable = this.#renew !== undefined || this.#tokens.refresh_token !== undefined
    if (refused || (isOld && isRenewable)) await this.#refresh()
    return this.#tokens.access_token
  }

  // Accounts
  async register(account: RegisterAccount): Promise<Account> {
    return this.#signedIn(await this.call('POST', '/api/auth/register', { body: account }))
  }
  async registerVendor(vendor: RegisterVendor): Promise<Account> {
    return this.#signedIn(await this.call('POST', '/api/vendors/register', { body: vendor }))
  }
  async registerDriver(driver: RegisterDriver): Promise<Account> {
    return this.#signedIn(await this.call('POST', '/api/drivers/register', { body: driver }))
  }
  async registerMember(member: RegisterMember): Promise<Account> {
    return this.#signedIn(await this.call('POST', '/api/members/register', { body: member }))
  }
  async login(email: string, password: string): Promise<Account> {
    return this.#signedIn(await this.call('POST', '/api/auth/login', { body: { email, password } }))
  }
  me(): Promise<Account> {
    return this.call('GET', '/api/auth/me')
  }
  /** Ends the sign-in on this device at once, and on the server when it can be reached. */
  async logout(): Promise<void> {
    const tokens = this.#tokens
    if (tokens === null) return
    this.#end()
    const body = { refresh_token: tokens.refresh_token }
    // The server forgets the session by itself after a time.
    if (tokens.refresh_token !== undefined)
      await this.#attempt(
        'POST',
        '/api/auth/logout',
        { body },
        newKey(),
        tokens.access_token,
      ).catch(() => undefined)
  }

  // Requests to the pharmacies nearby
  createRequest(
    request: NewRequestBody,
    idempotencyKey?: string,
  ): Promise<{
    request_id: string
    pharmacies_notified: number
    expires_at: string
    data: OrderView
  }> {
    return this.call('POST', '/api/requests', { body: request, ...key(idempotencyKey) })
  }
  getRequest(requestId: string): Promise<OrderView> {
    return this.call('GET', `/api/requests/${requestId}`)
  }
  listRequests(
    query: { status?: OrderStatus; limit?: number; cursor?: string } = {},
  ): Promise<{ requests: OrderView[]; next_cursor: string | null }> {
    return this.call('GET', '/api/requests', { query })
  }
  cancelRequest(requestId: string): Promise<OrderView> {
    return this.call('DELETE', `/api/requests/${requestId}`)
  }
  /** Sends a pharmacy's answer. Throws `request_already_assigned` and similar codes. */
  respond(
    requestId: string,
    answer: OrderCommandData['respond'],
    idempotencyKey?: string,
  ): Promise<{ outcome: 'won' | 'recorded'; order: OrderView }> {
    return this.call('POST', `/api/requests/${requestId}/responses`, {
      body: answer,
      ...key(idempotencyKey),
    })
  }

  // Orders
  createOrder(order: NewOrderBody, idempotencyKey?: string): Promise<OrderView> {
    return this.call('POST', '/api/orders', { body: order, ...key(idempotencyKey) })
  }
  getOrder(orderId: string): Promise<OrderView> {
    return this.call('GET', `/api/orders/${orderId}`)
  }
  listOrders(
    query: { status?: OrderStatus; limit?: number; cursor?: string } = {},
  ): Promise<{ orders: OrderView[]; next_cursor: string | null }> {
    return this.call('GET', '/api/orders', { query })
  }
  acceptOrder(orderId: string): Promise<OrderView> {
    return this.call('POST', `/api/orders/${orderId}/accept`, { body: {} })
  }
  rejectOrder(orderId: string, reason?: string): Promise<OrderView> {
    return this.call('POST', `/api/orders/${orderId}/reject`, {
      body: reason === undefined ? {} : { reason },
    })
  }
  assignDriver(orderId: string, driverId: string): Promise<OrderView> {
    return this.call('POST', `/api/orders/${orderId}/assign-driver`, {
      body: { driver_id: driverId },
    })
  }
  findDriver(orderId: string, body: OrderCommandData['find_driver'] = {}): Promise<OrderView> {
    return this.call('POST', `/api/orders/${orderId}/find-driver`, { body })
  }
  updateOrder(orderId: string, update: OrderUpdate): Promise<OrderView> {
    return this.call('PATCH', `/api/orders/${orderId}`, { body: update })
  }
  cancelOrder(orderId: string): Promise<OrderView> {
    return this.call('DELETE', `/api/orders/${orderId}`)
  }
  track(trackingToken: string): Promise<Omit<TrackingStateMessage, 'type'>> {
    return this.call('GET', `/api/tracking/${encodeURIComponent(trackingToken)}`)
  }

  // Ratings
  /**
   * Rates the pharmacy or the driver of one's own order that has ended. Throws `rating_too_early`,
   * `rating_too_late`, `rating_already_given` and similar codes.
   */
  rate(rating: NewRating, idempotencyKey?: string): Promise<Rating> {
    return this.call('POST', '/api/ratings', { body: rating, ...key(idempotencyKey) })
  }
  /** A customer's own ratings; for a pharmacy or a driver those that they may read. */
  listRatings(
    query: {
      subject?: RatedSubject
      status?: Rating['status']
      order_id?: string
      limit?: number
      cursor?: string
    } = {},
  ): Promise<{ ratings: Rating[]; next_cursor: string | null }> {
    return this.call('GET', '/api/ratings', { query })
  }
  appealRating(ratingId: string, reason: string): Promise<Rating> {
    return this.call('POST', `/api/ratings/${ratingId}/appeal`, { body: { reason } })
  }

  // Conversations
  /** Opens a conversation, or finds the open one. Throws `conversation_not_possible`. */
  openConversation(conversation: NewConversation, idempotencyKey?: string): Promise<Conversation> {
    return this.call('POST', '/api/conversations', { body: conversation, ...key(idempotencyKey) })
  }
  /** One's own, with the last message and the number of unread ones, newest first. */
  listConversations(
    query: {
      topic?: Topic
      status?: Conversation['status']
      order_id?: string
      unread?: boolean
      limit?: number
      cursor?: string
    } = {},
  ): Promise<{ conversations: Conversation[]; next_cursor: string | null }> {
    return this.call('GET', '/api/conversations', { query })
  }
  getConversation(conversationId: string): Promise<Conversation> {
    return this.call('GET', `/api/conversations/${conversationId}`)
  }
  /**
   * With `after` everything after that number; with `reload` in the answer that is too much, and the
   * newest messages are read anew. Otherwise the newest ones, or those before a number.
   */
  listMessages(
    conversationId: string,
    query: { after?: number; before?: number; limit?: number } = {},
  ): Promise<{
    messages: ConversationEntry[]
    last_number: number
    reload: boolean
    before: number | null
  }> {
    return this.call('GET', `/api/conversations/${conversationId}/messages`, { query })
  }
  /** Throws `conversation_closed`, `conversation_frozen`, `too_many_requests`. */
  sendMessage(conversationId: string, message: NewMessage): Promise<ConversationEntry> {
    return this.call('POST', `/api/conversations/${conversationId}/messages`, { body: message })
  }
  takeBackMessage(conversationId: string, messageId: string): Promise<void> {
    return this.call('DELETE', `/api/conversations/${conversationId}/messages/${messageId}`)
  }
  /** Call it when the messages were on the screen. */
  markRead(
    conversationId: string,
    number: number,
  ): Promise<{ read_through: number; unread: number }> {
    return this.call('PUT', `/api/conversations/${conversationId}/read`, { body: { number } })
  }
  searchMessages(query: { text: string; limit?: number; cursor?: string }): Promise<{
    messages: { conversation_id: string; message: ConversationEntry }[]
    next_cursor: string | null
  }> {
    return this.call('GET', '/api/conversations/search', { query })
  }
  reportConversation(
    conversationId: string,
    report: { reason: ReportReason; message_id?: string; text?: string },
    idempotencyKey?: string,
  ): Promise<{ report_id: string }> {
    return this.call('POST', `/api/conversations/${conversationId}/report`, {
      body: report,
      ...key(idempotencyKey),
    })
  }

  /**
   * Uploads a photo, a signature, a prescription or a sound, in parts, so that it arrives over a
   * bad network. Its `url` goes into the order.
   */
  uploadFile(
    kind: UploadKind,
    file: Blob | Uint8Array,
    options?: UploadOptions,
  ): Promise<UploadedFile> {
    const token = (refused: boolean): Promise<string> => this.accessToken(refused)
    return sendInParts({ url: this.#url, fetch: this.#fetch, token }, kind, file, options)
  }

  /**
   * The bytes and content type of a file that an order names. `path` is below this server. Throws
   * CaduceusError.
   */
  downloadFile(path: string): Promise<Blob> {
    return this.#bytesOf('GET', path, { timeoutMs: uploadLimits.downloadMs })
  }

  async #bytesOf(method: string, path: string, options: CallOptions): Promise<Blob> {
    const response = await this.#answered(method, path, options, undefined)
    if (response.ok) return response.blob()
    throw problemOf(response, await response.text())
  }

  /**
   * Calls any path. Throws CaduceusError with the server's code, or `unavailable` when no answer
   * came after one repetition. A call that creates may then be made again with the same idempotency
   * key.
   */
  async call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const idempotencyKey = options.idempotencyKey ?? (method === 'GET' ? undefined : newKey())
    const response = await this.#answered(method, path, options, idempotencyKey)
    const text = await response.text()
    if (response.ok) return (text === '' ? null : JSON.parse(text)) as Answer
    throw problemOf(response, text)
  }

  /** The answer, after replacing the token where needed. */
  async #answered(
    method: string,
    path: string,
    options: CallOptions,
    idempotencyKey: string | undefined,
  ): Promise<Response> {
    const token = this.#tokens === null || signsIn(path) ? null : await this.accessToken()
    const response = await this.#attempt(method, path, options, idempotencyKey, token)
    // The server may refuse a token before its end, for instance after its key was changed.
    if (response.status !== 401 || token === null) return response
    const another = await this.accessToken(true)
    return this.#attempt(method, path, options, idempotencyKey, another)
  }

  async #attempt(
    method: string,
    path: string,
    options: CallOptions,
    idempotencyKey: string | undefined,
    token: string | null,
  ): Promise<Response> {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) query.set(name, String(value))
    const address = `${this.#url}${path}${query.size > 0 ? `?${query}` : ''}`
    const init: RequestInit = {
      method,
      headers: {
        ...options.headers,
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      ...(options.bytes !== undefined && { body: options.bytes }),
    }
    const timeoutMs = options.timeoutMs ?? clientLimits.requestTimeoutMs
    const send = () => this.#fetch(address, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    try {
      return await send().catch(send)
    } catch (error) {
      throw new CaduceusError(
        'unavailable',
        `no answer from ${this.#url}: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  /** One refresh for all calls that wait for it: the server accepts each refresh token once. */
  #refresh(): Promise<void> {
    this.#refreshing ??= (async () => {
      if (this.#renew !== undefined) {
        this.#keep({ access_token: await this.#renew() })
        return
      }
      const refresh_token = this.#tokens?.refresh_token
      if (refresh_token === undefined) throw new CaduceusError('unauthenticated')
      this.#keep(await this.call<Tokens>('POST', '/api/auth/refresh', { body: { refresh_token } }))
    })()
      .catch((error: unknown) => {
        const { http } = errorCatalogue[error instanceof CaduceusError ? error.code : 'unavailable']
        if (http === 401 || http === 403) this.#end()
        throw error
      })
      .finally(() => {
        this.#refreshing = null
      })
    return this.#refreshing
  }

  #end(): void {
    if (this.#tokens === null) return
    this.#tokens = null
    this.#onSignedOut()
  }

  #signedIn(answer: SignedIn): Account {
    this.#keep(answer)
    return answer.user
  }

  #keep({ access_token, refresh_token }: GivenTokens): void {
    const { issuedAtSeconds, expiresAtSeconds } = claimsOf(access_token)
    // The lifetime counts from now, not until `exp`: the clock of this device may be wrong by more
    // than a token lasts.
    this.#endsAtMs = Date.now() + (expiresAtSeconds - issuedAtSeconds) * 1_000
    if (refresh_token === undefined) this.#tokens = { access_token }
    else this.#onTokens((this.#tokens = { access_token, refresh_token }))
  }
}

const key = (idempotencyKey: string | undefined) =>
  idempotencyKey === undefined ? {} : { idempotencyKey }

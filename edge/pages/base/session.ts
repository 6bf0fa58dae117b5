/**
 * The sign-in of a page. The refresh token is in a cookie that this script cannot read; the access
 * token is in memory only. So a page stays signed in when its tab is closed and opened again, until
 * the person signs out or the refresh token ends.
 */
import { signal } from '@preact/signals'
import { pageSessions, type PageSessionName } from '../../../protocol/accounts/page-sessions.ts'
import {
  CaduceusError,
  RestClient,
  type Account,
  type GivenTokens,
} from '../../../protocol/client/index.ts'
import { say } from '../texts/index.ts'

interface Renewed {
  user: Account
  access_token: string
}

export class PageSession {
  /** Undefined until it is known whether somebody is signed in; then null for nobody. */
  readonly user = signal<Account | null | undefined>(undefined)
  readonly api: RestClient
  readonly name: PageSessionName
  /** True after the person signed out; false when the sign-in ran out by itself. */
  hasLeft = false
  readonly #roles: readonly Account['role'][]

  constructor(name: PageSessionName, roles: readonly Account['role'][]) {
    this.name = name
    this.#roles = roles
    this.api = new RestClient({
      url: location.origin,
      renew: () => this.#renew(),
      onSignedOut: () => {
        this.user.value = null
      },
    })
  }

  /** Options for the `connect…` functions of the client. */
  get connectOptions(): { url: string; token: (refused: boolean) => Promise<string> } {
    return { url: location.origin, token: refused => this.api.accessToken(refused) }
  }

  /**
   * Takes up the sign-in of the last visit. Throws `unavailable` without a network; `remembered`
   * then tells who it was.
   */
  async begin(): Promise<void> {
    const renewed = await this.#ask({})
    if (renewed === null) this.user.value = null
    else this.#enter(renewed)
  }

  /**
   * Signs in by tokens that a link brought. Without a refresh token the sign-in ends with the access
   * token. Throws the server's refusal, or one when the account has another role.
   */
  async enterWith({ access_token, refresh_token }: GivenTokens): Promise<void> {
    if (refresh_token !== undefined) {
      const renewed = await this.#ask({ refresh_token })
      if (renewed !== null) return this.#enter(renewed)
    }
    const api = new RestClient({ url: location.origin, tokens: { access_token } })
    const user = await api.me()
    if (!this.#roles.includes(user.role)) throw new Error(say('sign_in.wrong_role'))
    this.api.use({ access_token })
    this.user.value = user
  }

  /** Who was signed in on this page last; null when the person signed out. */
  get remembered(): Account | null {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? 'null') as Account | null
    } catch {
      return null
    }
  }

  /** Signs in by `signIn`. Throws its error, or a refusal when the account has another role. */
  async enter(signIn: (api: RestClient) => Promise<Account>): Promise<void> {
    const api = new RestClient({ url: location.origin })
    const user = await signIn(api)
    if (!this.#roles.includes(user.role)) {
      void api.logout()
      throw new Error(say('sign_in.wrong_role'))
    }
    const renewed = await this.#ask({ refresh_token: api.tokens!.refresh_token })
    this.hasLeft = false
    this.#enter(renewed!)
  }

  /**
   * Ends the sign-in here at once, and on the server as soon as it can be reached: a mark on this
   * device keeps the cookie from signing in again until the server has taken it away.
   */
  async leave(): Promise<void> {
    this.hasLeft = true
    await this.lapse()
  }

  /** As `leave`, when the server ended the sign-in; work that is not sent stays on the device. */
  async lapse(): Promise<void> {
    localStorage.setItem(this.#leftKey, '1')
    localStorage.removeItem(this.#key)
    this.user.value = null
    await this.#alone(() => this.#endOnServer())
  }

  get #leftKey(): string {
    return `caduceus.${this.name}.left`
  }

  get #key(): string {
    return `caduceus.${this.name}.account`
  }

  #enter({ user, access_token }: Renewed): void {
    this.api.use({ access_token })
    localStorage.setItem(this.#key, JSON.stringify(user))
    this.user.value = user
  }

  async #renew(): Promise<string> {
    const renewed = await this.#ask({})
    if (renewed === null) throw new CaduceusError('unauthenticated')
    // Another tab of this page may have signed in as somebody else.
    if (renewed.user.id !== this.user.value?.id) this.user.value = renewed.user
    return renewed.access_token
  }

  /**
   * One tab at a time, because the server accepts each refresh token once. Browsers have locks on
   * secure pages only; elsewhere the server's grace for a lost answer has to do.
   */
  async #ask(body: { refresh_token?: string | undefined }): Promise<Renewed | null> {
    try {
      return await this.#alone(async () => {
        const isNew = body.refresh_token !== undefined
        if (!isNew && !(await this.#endOnServer())) return null
        const renewed = await this.#call('POST', body)
        if (isNew) localStorage.removeItem(this.#leftKey)
        return renewed
      })
    } catch (error) {
      const code = error instanceof CaduceusError ? error.code : 'internal'
      if (code !== 'token_invalid' && code !== 'account_inactive') throw error
      localStorage.removeItem(this.#key)
      await this.#call('DELETE')
      return null
    }
  }

  #alone<Result>(act: () => Promise<Result>): Promise<Result> {
    const locks = (navigator as Partial<Navigator>).locks
    return locks === undefined ? act() : locks.request(`caduceus.${this.name}`, () => act())
  }

  /** Ends the sign-in that was left. False when the server could not be reached. */
  async #endOnServer(): Promise<boolean> {
    if (localStorage.getItem(this.#leftKey) === null) return true
    try {
      await this.#call('DELETE')
    } catch {
      return false
    }
    localStorage.removeItem(this.#leftKey)
    return true
  }

  #call(method: string, body?: object): Promise<Renewed | null> {
    return this.api.call(method, `/api/auth/page-sessions/${this.name}`, {
      headers: { [pageSessions.header]: this.name },
      ...(body !== undefined && { body }),
    })
  }
}

/**
 * The sign-in of a page until its tab closes. There is one per role, so that a customer and a
 * pharmacy in one browser do not collide. Tokens are in sessionStorage, which ends with the tab.
 */
import { RestClient, type Account, type GivenTokens } from '../../../protocol/client/index.ts'

interface Kept {
  user: Account | null
  access: string
  refresh: string | null
}

export class Session {
  readonly #key: string
  #user: Account | null
  #api: RestClient
  /** Called when the sign-in has ended, by choice or because the server refuses its tokens. */
  onSignedOut: () => void = () => undefined

  constructor(role: 'customer' | 'pharmacy' | 'operator') {
    this.#key = `caduceus.${role}`
    const kept = this.#kept()
    this.#user = kept?.user ?? null
    this.#api = this.#client(
      kept === null
        ? null
        : {
            access_token: kept.access,
            ...(kept.refresh !== null && { refresh_token: kept.refresh }),
          },
    )
  }

  get api(): RestClient {
    return this.#api
  }
  get isSignedIn(): boolean {
    return this.#api.tokens !== null
  }
  /** Null when nobody is signed in, and for a token that came in a link. */
  get user(): Account | null {
    return this.#user
  }
  /** The pharmacy of the account; empty for an account without one. */
  get pharmacyId(): string {
    return this.#user?.vendor_id ?? ''
  }
  /** Options for the `connect…` functions of the client. */
  get connectOptions(): { url: string; token: (refused: boolean) => Promise<string> } {
    return { url: location.origin, token: refused => this.#api.accessToken(refused) }
  }

  /**
   * Signs in by `signIn`. Throws its error, or `refusal` when the account has none of the roles.
   */
  async enter(
    signIn: (api: RestClient) => Promise<Account>,
    roles: readonly Account['role'][],
    refusal: string,
  ): Promise<Account> {
    const api = this.#client(null)
    const user = await signIn(api)
    if (!roles.includes(user.role)) {
      void api.logout()
      throw new Error(refusal)
    }
    this.#api = api
    this.#user = user
    this.#keep(api.tokens!)
    return user
  }

  /** Uses tokens that came in a link. */
  enterWith(tokens: GivenTokens): void {
    this.#api = this.#client(tokens)
    this.#user = null
    this.#keep(tokens)
  }

  signOut(): void {
    void this.#api.logout()
  }

  #client(tokens: GivenTokens | null): RestClient {
    const api: RestClient = new RestClient({
      url: location.origin,
      ...(tokens !== null && { tokens }),
      onTokens: fresh => {
        if (api === this.#api) this.#keep(fresh)
      },
      onSignedOut: () => {
        if (api !== this.#api) return
        this.#user = null
        sessionStorage.removeItem(this.#key)
        this.onSignedOut()
      },
    })
    return api
  }

  #keep(tokens: GivenTokens): void {
    const kept: Kept = {
      user: this.#user,
      access: tokens.access_token,
      refresh: tokens.refresh_token ?? null,
    }
    sessionStorage.setItem(this.#key, JSON.stringify(kept))
  }

  #kept(): Kept | null {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key) ?? 'null')
    } catch {
      return null
    }
  }
}

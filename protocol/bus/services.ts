/**
 * The pharmacies that another service on the bus acts for, and whose events it gets. The bus names
 * the service (the name of its account is in the subject of its commands). SERVICE_PHARMACIES gives
 * its pharmacies. A service without an entry acts for no pharmacy and is a stranger to every order
 * (ADR 31).
 */
import { ConfigError, textVariable, type Environment } from '../kernel/environment.ts'
import { isUuid } from '../kernel/ids.ts'

/** Ids of the pharmacies that a service may act for; null for all of them. */
export type Scope = ReadonlySet<string> | null

export class Services {
  readonly #scopes: ReadonlyMap<string, Scope>

  constructor(scopes: ReadonlyMap<string, Scope> = new Map()) {
    this.#scopes = scopes
  }

  /** The scope of a service that the bus vouches for. */
  scopeOf(service: string): Scope {
    const scope = this.#scopes.get(service)
    return scope === undefined ? nothing : scope
  }

  /**
   * The services that get the events of this pharmacy. Null is an order that no pharmacy has yet.
   */
  hearing(pharmacyId: string | null): readonly string[] {
    if (this.#scopes.size === 0) return none
    return [...this.#scopes]
      .filter(([, scope]) => scope === null || (pharmacyId !== null && scope.has(pharmacyId)))
      .map(([service]) => service)
  }
}

const nothing: ReadonlySet<string> = new Set()
const none: readonly string[] = []

/** A token of a subject. */
const nameShape = /^[\w-]{1,64}$/
const example =
  'SERVICE_PHARMACIES="dispatch=01977e8c-5c6f-7d2e-8e5b-3a1f0c9d7b42,01977e8c-6a10-7c44-9b1d-2f6e8d0a5c13 billing=*"'

/**
 * Reads SERVICE_PHARMACIES: services with spaces between them. Each is `name=` and the ids of its
 * pharmacies with commas between them, or `*` for all. Throws ConfigError.
 */
export function readServices(environment: Environment): Services {
  const scopes = new Map<string, Scope>()
  for (const entry of (textVariable(environment, 'SERVICE_PHARMACIES') ?? '')
    .split(/\s+/)
    .filter(text => text !== '')) {
    const [name = '', list = ''] = entry.split('=', 2)
    const ids = list.toLowerCase().split(',')
    if (!nameShape.test(name) || scopes.has(name) || (list !== '*' && !ids.every(isUuid)))
      throw new ConfigError(
        `SERVICE_PHARMACIES: "${entry}" does not name a service, each once, and the ids of its pharmacies or *; for instance ${example}`,
      )
    scopes.set(name, list === '*' ? null : new Set(ids))
  }
  return new Services(scopes)
}

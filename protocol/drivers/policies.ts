/**
 * The policies by which an order gets its driver, one row each. A pharmacy has one policy, and
 * `find_driver` may name one for a single order. The lists in commands, events, routes, tables and
 * the directory come from here.
 *
 * This file imports nothing, because the pages load it as it is.
 */

export interface PolicyFacts {
  /**
   * True: the engine looks for a driver when the pharmacy accepts. False: the pharmacy picks a
   * driver.
   */
  searches: boolean
}

export const policyTable = {
  /** The pharmacy picks a driver by hand. */
  manual: { searches: false },
  /**
   * The engine asks one driver after the other, beginning with the shortest time to the pick-up.
   */
  offer: { searches: true },
} as const satisfies Readonly<Record<string, PolicyFacts>>

export type DispatchPolicy = keyof typeof policyTable
/** A policy that a search can follow. */
export type SearchPolicy = {
  [P in DispatchPolicy]: (typeof policyTable)[P]['searches'] extends true ? P : never
}[DispatchPolicy]

export const dispatchPolicies = Object.keys(policyTable) as DispatchPolicy[]
/** The policies that a search can follow. */
export const searchPolicies = dispatchPolicies.filter(
  (policy): policy is SearchPolicy => policyTable[policy].searches,
)

/** The policy of a search that a pharmacy with a manual policy asks for. */
export const searchPolicyDefault: SearchPolicy = 'offer'

/**
 * The policy of a search for a pharmacy with this policy. Null when the pharmacy picks by hand, or
 * when this release does not know the policy.
 */
export const searchPolicyOf = (policy: string | undefined): SearchPolicy | null =>
  searchPolicies.find(one => one === policy) ?? null

/**
 * The policies by which an order comes by its driver: one row each. A pharmacy has one, and `find_driver` may name
 * one for a single order. The lists in commands, events, routes, tables and the directory are read from here.
 *
 * It imports nothing, because the pages may load it as it is.
 */

export interface PolicyFacts {
  /** Drivers are looked for by the engine, as soon as the pharmacy accepts. Otherwise the pharmacy picks one. */
  searches: boolean
}

export const policyTable = {
  /** The pharmacy picks a driver by hand. */
  manual: { searches: false },
  /** Drivers are asked one after the other, the one with the least time to the pick-up first. */
  offer: { searches: true },
} as const satisfies Readonly<Record<string, PolicyFacts>>

export type DispatchPolicy = keyof typeof policyTable
/** A policy that a search can follow. */
export type SearchPolicy = {
  [P in DispatchPolicy]: (typeof policyTable)[P]['searches'] extends true ? P : never
}[DispatchPolicy]

export const dispatchPolicies = Object.keys(policyTable) as DispatchPolicy[]
export const searchPolicies = dispatchPolicies.filter(
  (policy): policy is SearchPolicy => policyTable[policy].searches,
)

/** Of a pharmacy that picks by hand and asks for a search all the same. */
export const searchPolicyDefault: SearchPolicy = 'offer'

/** The policy of a search for a pharmacy with this policy; null where it picks by hand, or an older release does not know it. */
export const searchPolicyOf = (policy: string | undefined): SearchPolicy | null =>
  searchPolicies.find(one => one === policy) ?? null

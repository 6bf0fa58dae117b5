/** The pharmacies that a service on the bus may act for. Orders and drivers decide by it. */
import type { Scope } from '../../protocol/bus/services.ts'

/**
 * The scope that a service's command carries to the actor. A command without it has no scope to
 * check.
 */
export type Scoped = { within?: Scope }

/**
 * May a command with this scope concern this pharmacy? Null means that no pharmacy has the order.
 */
export const concerns = ({ within }: Scoped, pharmacyId: string | null): boolean =>
  within === undefined || within === null || (pharmacyId !== null && within.has(pharmacyId))

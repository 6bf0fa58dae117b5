/** The pharmacies that a command may concern, when a service on the bus gives it; both kinds of actor decide by it. */

/** Ids of pharmacies; null for all. */
export type Scope = ReadonlySet<string> | null

/** What a command of a service carries on its way to the actor; without it nobody's scope is asked for. */
export type Scoped = { within?: Scope }

/** May a command with this scope concern this pharmacy? `vendorId` null: no pharmacy has the order. */
export const concerns = ({ within }: Scoped, vendorId: string | null): boolean =>
  within === undefined || within === null || (vendorId !== null && within.has(vendorId))

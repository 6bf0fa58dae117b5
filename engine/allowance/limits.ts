/** What one customer may have open at once: every open request is shown to pharmacies, so a stranger's many would hide everybody else's. */

/** Requests that nobody has taken yet. A person has one or two. */
export const openRequestsPerCustomerMax = 20
/** A request that was let through is counted for this long before the journal must have it: longer than its command may take. */
export const grantMs = 10_000
/** Customers whose open requests an engine remembers; beyond it the one it met first is read anew. */
export const customersRememberedMax = 100_000

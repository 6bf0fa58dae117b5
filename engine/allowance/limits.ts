/**
 * The number of requests that one customer may have open at once. Pharmacies see every open
 * request, so very many from one stranger would hide all the others.
 */

/** Requests that no pharmacy has taken yet. A customer usually has one or two. */
export const openRequestsPerCustomerMax = 20
/**
 * Time for which an allowed request counts before the journal must have it, ms. It is longer than
 * its command may take.
 */
export const grantMs = 10_000
/**
 * Number of customers whose open requests an engine remembers. Beyond it the oldest one is
 * forgotten and read again.
 */
export const customersRememberedMax = 100_000

/**
 * Letters about a decision: to the pharmacy's account, to the driver's, and to the pharmacy that a
 * driver asks.
 */
import type { Message } from '../messenger/carrier.ts'

const letter = (to: string, subject: string, ...lines: string[]): Message => ({
  channel: 'email',
  to,
  subject,
  text: `${lines.join('\n\n')}\n`,
})
const because = (reason: string | null): string[] =>
  reason === null || reason === '' ? [] : [`The reason that was given: ${reason}`]

export type PharmacyDecision =
  | 'approved'
  | 'rejected'
  | 'suspended'
  | 'move approved'
  | 'move refused'

/** A letter to the pharmacy's account about an administrator's decision. */
export function pharmacyLetter(
  to: string,
  pharmacy: string,
  decision: PharmacyDecision,
  reason: string | null,
): Message {
  switch (decision) {
    case 'approved':
      return letter(
        to,
        'Your pharmacy was approved',
        `${pharmacy} was approved: it hears of requests nearby from now on.`,
        'Open the terminal to see them.',
      )
    case 'rejected':
      return letter(
        to,
        'Your pharmacy was not approved',
        `${pharmacy} was not approved.`,
        ...because(reason),
      )
    case 'suspended':
      return letter(
        to,
        'Your pharmacy was suspended',
        `${pharmacy} was suspended: it hears of no requests, and orders that were not picked up yet were cancelled.`,
        ...because(reason),
      )
    case 'move approved':
      return letter(to, 'Your pharmacy has moved', `${pharmacy} is at its new place from now on.`)
    case 'move refused':
      return letter(
        to,
        'The move of your pharmacy was refused',
        `${pharmacy} stays at the place where it was.`,
        ...because(reason),
      )
  }
}

/** A letter to a driver about the pharmacy's decision. */
export function membershipLetter(
  to: string,
  pharmacy: string,
  membership: 'active' | 'ended',
): Message {
  return membership === 'active'
    ? letter(
        to,
        `You drive for ${pharmacy}`,
        `${pharmacy} has agreed: go on duty to be offered deliveries.`,
      )
    : letter(
        to,
        `You do not drive for ${pharmacy}`,
        `You do not belong to ${pharmacy}, and are offered no deliveries. Bring what you have picked up to its end.`,
      )
}

/**
 * A letter to administrators about waiting pharmacies. It has no names, because strangers choose
 * them.
 */
export const applicantsLetter = (to: string, waiting: number): Message =>
  letter(
    to,
    waiting === 1
      ? 'A pharmacy waits for your decision'
      : `${waiting} pharmacies wait for your decision`,
    'They asked to work here, or to move. GET /api/admin/approvals lists them, the longest waiting first.',
  )

/** A letter to a pharmacy about a driver who asks. */
export const askingLetter = (to: string, pharmacy: string, driver: string): Message =>
  letter(
    to,
    'A driver asks to join',
    `${driver} asks to drive for ${pharmacy}. Nothing is offered to them until you agree.`,
  )

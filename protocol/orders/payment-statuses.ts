/** The states of an order's payment by their public names. */

export const paymentStatuses = [
  'none',
  'requires_action',
  'authorised',
  'captured',
  'partly_refunded',
  'refunded',
  'failed',
] as const
export type PaymentStatus = (typeof paymentStatuses)[number]

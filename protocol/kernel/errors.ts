/**
 * The error catalogue: one row for each kind of error. The `code` strings are stable, because
 * clients switch on them. `retryable` tells a client whether the same command may succeed when it
 * is repeated unchanged. A test ties this table to OpenAPI and to the rejections that the engine
 * can return.
 */
export const errorCatalogue = {
  // Input
  invalid_request: { http: 400, title: 'Invalid request', retryable: false },
  invalid_json: { http: 400, title: 'Body is not valid JSON', retryable: false },
  body_too_large: { http: 413, title: 'Body too large', retryable: false },
  tus_version_unsupported: {
    http: 412,
    title: 'Version of tus is not supported',
    retryable: false,
  },
  upload_offset_conflict: { http: 409, title: 'Upload goes on at another byte', retryable: false },
  checksum_mismatch: { http: 460, title: 'Part does not have its checksum', retryable: true },
  body_too_slow: { http: 408, title: 'Body came too slowly', retryable: true },
  unsupported_media_type: { http: 415, title: 'Unsupported media type', retryable: false },
  file_malformed: { http: 422, title: 'File is damaged', retryable: false },
  file_infected: { http: 422, title: 'File is refused by the virus scanner', retryable: false },
  image_too_large: { http: 422, title: 'Image has too many pixels', retryable: false },
  frame_malformed: { http: 400, title: 'Malformed location frame', retryable: false },
  frame_too_many: { http: 400, title: 'Too many frames in one message', retryable: false },
  frame_out_of_range: { http: 400, title: 'Location frame out of range', retryable: false },
  frame_in_future: { http: 400, title: 'Location frame from the future', retryable: false },
  message_malformed: { http: 400, title: 'Malformed message', retryable: false },
  message_unknown_type: { http: 400, title: 'Unknown message type', retryable: false },
  precondition_failed: { http: 412, title: 'Record has changed', retryable: false },
  idempotency_key_reused: {
    http: 422,
    title: 'Idempotency key used for another request',
    retryable: false,
  },
  // Authentication and permission
  unauthenticated: { http: 401, title: 'Authentication required', retryable: false },
  token_invalid: { http: 401, title: 'Token invalid or expired', retryable: false },
  credentials_wrong: { http: 401, title: 'Wrong e-mail or password', retryable: false },
  account_inactive: { http: 403, title: 'Account is not active', retryable: false },
  forbidden: { http: 403, title: 'Not allowed', retryable: false },
  code_wrong: { http: 400, title: 'Code is wrong, has expired or was used', retryable: false },
  account_role_conflict: {
    http: 409,
    title: 'Role does not fit the records of the account',
    retryable: false,
  },
  registration_closed: { http: 403, title: 'Nobody can register now', retryable: false },
  email_taken: { http: 409, title: 'E-mail already registered', retryable: false },
  // Resources
  not_found: { http: 404, title: 'Not found', retryable: false },
  method_not_allowed: { http: 405, title: 'Method not allowed', retryable: false },
  order_not_found: { http: 404, title: 'Order not found', retryable: false },
  driver_not_found: { http: 404, title: 'Driver not found', retryable: false },
  vendor_not_found: { http: 404, title: 'Pharmacy not found', retryable: false },
  vendor_not_active: { http: 403, title: 'Pharmacy is not active', retryable: false },
  invitation_invalid: {
    http: 400,
    title: 'Invitation is wrong, has ended or was used',
    retryable: false,
  },
  last_owner: { http: 409, title: 'A pharmacy keeps an owner', retryable: false },
  invitation_limit_reached: { http: 409, title: 'No more invitations allowed', retryable: false },
  vendor_status_conflict: {
    http: 409,
    title: 'Pharmacy is not in a state that allows this',
    retryable: false,
  },
  order_already_exists: { http: 409, title: 'Order already exists', retryable: false },
  driver_already_exists: { http: 409, title: 'Driver already exists', retryable: false },
  vendor_already_exists: { http: 409, title: 'Pharmacy already exists', retryable: false },
  // Requests
  request_already_assigned: {
    http: 409,
    title: 'Request already assigned to a pharmacy',
    retryable: false,
  },
  request_not_offered: {
    http: 403,
    title: 'Request was not offered to this pharmacy',
    retryable: false,
  },
  request_expired: { http: 410, title: 'Request has expired', retryable: false },
  request_cancelled: { http: 410, title: 'Request was cancelled', retryable: false },
  orders_paused: { http: 503, title: 'No new orders are taken now', retryable: true },
  too_many_open_requests: { http: 429, title: 'Too many open requests', retryable: true },
  // Orders
  order_state_conflict: {
    http: 409,
    title: 'Order is not in a state that allows this',
    retryable: false,
  },
  order_not_cancellable: { http: 409, title: 'Order can no longer be cancelled', retryable: false },
  proof_required: {
    http: 422,
    title: 'Delivery needs a proof photo or a signature',
    retryable: false,
  },
  proof_invalid: { http: 422, title: 'The proof of delivery proves nothing', retryable: false },
  // Custody
  custody_evidence_missing: {
    http: 422,
    title: 'The policy of the goods needs more evidence',
    retryable: false,
  },
  custody_evidence_refused: {
    http: 422,
    title: 'The evidence forbids the hand-over',
    retryable: false,
  },
  custody_unresolved: {
    http: 409,
    title: 'The chain of custody is broken, and nobody has decided',
    retryable: false,
  },
  custody_code_refused: { http: 422, title: 'The code at the door is wrong', retryable: false },
  custody_code_locked: { http: 409, title: 'Too many wrong codes at the door', retryable: false },
  temperature_refused: {
    http: 422,
    title: 'Readings of a thermometer are refused',
    retryable: false,
  },
  goods_refused: { http: 422, title: 'Not the goods that were dispensed', retryable: false },
  // Fees, addresses and links
  quote_not_found: { http: 404, title: 'Quote not found', retryable: false },
  quote_expired: { http: 410, title: 'Quote has expired', retryable: false },
  quote_mismatch: { http: 422, title: 'Quote is for another delivery', retryable: false },
  geocoding_unavailable: {
    http: 422,
    title: 'Addresses cannot be looked up here',
    retryable: false,
  },
  address_not_found: { http: 422, title: 'Address not found', retryable: false },
  geocoding_failed: { http: 503, title: 'Address look-up does not answer', retryable: true },
  tracking_expired: { http: 410, title: 'Tracking link has expired', retryable: false },
  // Drivers and offers
  offer_not_found: { http: 404, title: 'Offer not found', retryable: false },
  offer_not_yours: { http: 403, title: 'Offer was made to another driver', retryable: false },
  offer_expired: { http: 410, title: 'Offer has expired', retryable: false },
  driver_unavailable: { http: 409, title: 'Driver is not available', retryable: true },
  driver_at_capacity: { http: 409, title: 'Driver is at capacity', retryable: true },
  driver_holds_offer: { http: 409, title: 'Driver already holds an offer', retryable: true },
  driver_has_active_orders: {
    http: 409,
    title: 'Driver has deliveries under way',
    retryable: false,
  },
  driver_not_member: {
    http: 403,
    title: 'Driver does not belong to the pharmacy',
    retryable: false,
  },
  driver_taken_off_duty: {
    http: 409,
    title: 'Driver was taken off duty by the pharmacy',
    retryable: false,
  },
  driver_not_of_vendor: {
    http: 403,
    title: 'Driver belongs to another pharmacy',
    retryable: false,
  },
  device_limit_reached: { http: 409, title: 'No more devices allowed', retryable: false },
  // Services and appointments
  service_not_found: { http: 404, title: 'Service not found', retryable: false },
  appointment_not_found: { http: 404, title: 'Appointment not found', retryable: false },
  slot_taken: { http: 409, title: 'Slot is taken', retryable: false },
  slot_past: { http: 422, title: 'Slot is over', retryable: false },
  slot_too_soon: { http: 422, title: 'Slot begins too soon', retryable: false },
  slot_too_far: { http: 422, title: 'Slot is too far ahead', retryable: false },
  slot_closed: { http: 422, title: 'No slot begins then', retryable: false },
  slot_in_gap: { http: 422, title: 'No clock shows that time', retryable: false },
  slot_ambiguous: { http: 422, title: 'Clocks show that time twice', retryable: false },
  appointment_state_conflict: {
    http: 409,
    title: 'Appointment is not in a state that allows this',
    retryable: false,
  },
  appointment_incomplete: { http: 409, title: 'Something is missing', retryable: false },
  appointment_too_early: { http: 409, title: 'Too early for that', retryable: true },
  appointment_too_late: { http: 409, title: 'Too late for that', retryable: false },
  appointment_limit_reached: { http: 409, title: 'No more appointments allowed', retryable: false },
  step_out_of_order: { http: 409, title: 'Another step comes first', retryable: false },
  service_limit_reached: { http: 409, title: 'No more services allowed', retryable: false },
  // Ratings
  document_changed: { http: 409, title: 'Not the file that was seen', retryable: false },
  document_state_conflict: {
    http: 409,
    title: 'Not possible with this document now',
    retryable: false,
  },
  review_taken: { http: 409, title: 'Somebody else looks at it', retryable: true },
  review_not_held: {
    http: 409,
    title: 'Taken for review by nobody, or too long ago',
    retryable: false,
  },
  requirement_already_exists: { http: 409, title: 'Required already', retryable: false },
  papers_missing: { http: 409, title: 'Papers are missing', retryable: false },
  rating_too_early: { http: 409, title: 'Not over yet', retryable: true },
  rating_too_late: { http: 410, title: 'The time for ratings is over', retryable: false },
  rating_already_given: { http: 409, title: 'Rated already', retryable: false },
  rating_subject_mismatch: { http: 422, title: 'Had no part in it', retryable: false },
  rating_appeal_conflict: {
    http: 409,
    title: 'Rating is not in a state that allows this',
    retryable: false,
  },
  // Money
  ledger_conflict: { http: 409, title: 'The ledger does not allow it', retryable: false },
  payment_not_found: { http: 404, title: 'Order has no payment', retryable: false },
  payment_method_not_offered: {
    http: 422,
    title: 'This server does not take such payments',
    retryable: false,
  },
  payment_state_conflict: {
    http: 409,
    title: 'Payment is not in a state that allows this',
    retryable: false,
  },
  payment_not_authorised: {
    http: 409,
    title: 'Payment is not authorised yet',
    retryable: true,
  },
  payment_webhook_mismatch: {
    http: 409,
    title: 'Message is for another account or mode',
    retryable: false,
  },
  refund_exceeds_payment: { http: 409, title: 'Refund is more than was paid', retryable: false },
  price_required: {
    http: 422,
    title: 'Acceptance has to say what the goods cost',
    retryable: false,
  },
  cash_statement_required: {
    http: 422,
    title: 'Delivery has to say how much cash was taken',
    retryable: false,
  },
  cash_limit_reached: { http: 409, title: 'Driver has too much cash in hand', retryable: false },
  second_person_required: {
    http: 403,
    title: 'Another administrator has to do it',
    retryable: false,
  },
  // Background work
  job_running: { http: 409, title: 'The job runs at the moment', retryable: true },
  // Conversations
  conversation_not_found: { http: 404, title: 'Conversation not found', retryable: false },
  conversation_not_possible: {
    http: 409,
    title: 'Not possible in a conversation about this',
    retryable: false,
  },
  conversation_closed: { http: 409, title: 'Conversation is closed', retryable: false },
  conversation_frozen: { http: 409, title: 'Conversation is frozen', retryable: true },
  message_not_found: { http: 404, title: 'Message not found', retryable: false },
  // Webhooks and shops
  signature_invalid: { http: 401, title: 'Signature missing or wrong', retryable: false },
  webhook_url_refused: { http: 422, title: 'Webhook URL is not allowed', retryable: false },
  subscription_limit_reached: {
    http: 409,
    title: 'No more subscriptions or integrations allowed',
    retryable: false,
  },
  delivery_in_progress: { http: 409, title: 'Delivery has not ended yet', retryable: true },
  import_unreadable: {
    http: 409,
    title: 'Delivery of the shop cannot be read as an order',
    retryable: false,
  },
  import_not_pending: { http: 409, title: 'Import is not waiting for anything', retryable: false },
  // System
  moved: { http: 503, title: 'Owner has moved', retryable: true },
  overloaded: { http: 503, title: 'Overloaded', retryable: true },
  unavailable: { http: 503, title: 'Temporarily unavailable', retryable: true },
  delivery_unconfigured: {
    http: 503,
    title: 'This server cannot send such messages',
    retryable: false,
  },
  speech_unconfigured: {
    http: 503,
    title: 'This server turns no speech into text',
    retryable: false,
  },
  speech_failed: { http: 503, title: 'The service for speech failed', retryable: true },
  too_many_requests: { http: 429, title: 'Too many requests', retryable: true },
  internal: { http: 500, title: 'Internal error', retryable: true },
} as const

export type ErrorCode = keyof typeof errorCatalogue

/** Is it a code of the catalogue? */
export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCatalogue, code)

/** One field that failed validation: its dotted path, and the rule that it broke. */
export interface FieldError {
  field: string
  rule: string
}

/** The error that crosses the bus in place of a result. `detail` is safe to show to the caller. */
export interface Problem {
  code: ErrorCode
  detail: string
  fields?: FieldError[]
  /** Further members of the problem document, by name, such as the next free slots. */
  more?: Readonly<Record<string, unknown>>
}

/** A Problem as an exception, for code that runs inside a request. */
export class CaduceusError extends Error {
  readonly code: ErrorCode
  readonly fields: FieldError[] | undefined
  /** Seconds after which the caller may try again, where they are known. */
  readonly retryAfterSeconds: number | undefined
  /** Further members of the problem document. */
  readonly more: Problem['more']
  constructor(
    code: ErrorCode,
    detail?: string,
    fields?: FieldError[],
    retryAfterSeconds?: number,
    more?: Problem['more'],
  ) {
    super(detail ?? errorCatalogue[code].title)
    this.name = 'CaduceusError'
    this.code = code
    this.fields = fields
    this.retryAfterSeconds = retryAfterSeconds
    this.more = more
  }
  toProblem(): Problem {
    return {
      code: this.code,
      detail: this.message,
      ...(this.fields && { fields: this.fields }),
      ...(this.more && { more: this.more }),
    }
  }
}

/**
 * The RFC 9457 problem document that REST answers with. `error` repeats `detail` for clients of the
 * older API.
 */
export function problemDocument(problem: Problem, requestId?: string): Record<string, unknown> {
  const row = errorCatalogue[problem.code]
  return {
    type: `urn:caduceus:problem:${problem.code}`,
    title: row.title,
    status: row.http,
    detail: problem.detail,
    code: problem.code,
    retryable: row.retryable,
    error: problem.detail,
    ...(problem.fields && { fields: problem.fields }),
    ...problem.more,
    ...(requestId !== undefined && { instance: `urn:caduceus:request:${requestId}` }),
  }
}

/**
 * WebSocket close codes. After 4001, 4003 and 4004 a client must not simply reconnect; after the
 * others it may.
 */
export const closeCodes = {
  goingAway: 1001,
  unauthenticated: 4001,
  wrongRole: 4003,
  noSuchRecord: 4004,
  malformed: 4400,
  slowReader: 4408,
  tooManyMessages: 4429,
} as const

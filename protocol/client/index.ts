/**
 * The Caduceus client: all that an app for customers, pharmacies or drivers needs, in browsers and
 * in Node. It depends only on the protocol.
 */
export type {
  CustomerProfile,
  MedicineRequest,
  OlderPharmacy,
  OlderRole,
  OlderUser,
} from './broadcast.ts'
export type {
  OrderPayment,
  PaymentRefund,
  Receipt,
  RefundProposal,
  Remittance,
} from './payments.ts'
export type { Payout, PayoutProposal, Statement, StatementLine } from './payouts.ts'
export type { Custodian, Custody, CustodyStep, MeasuredTemperatures } from './custody.ts'
export type { InsightFigure, Insights, ServiceInsights } from './insights.ts'
export type { Member, MemberInvitation } from './members.ts'
export type { NewCode, ReadCode } from './media.ts'
export type { NotificationRow, NotificationSettings, NotificationWish } from './notifications.ts'
export type { NewPaper, Paper, PaperDecision, PaperRequirement } from './papers.ts'
export type { NewPushDevice, PushDevice } from './push-devices.ts'
export {
  connectDriver,
  Driver,
  type DriverEvents,
  type DriverOptions,
  type Location,
  type SequenceStore,
} from './driver.ts'
export { connectTerminal, Terminal, type TerminalEvents } from './terminal.ts'
export {
  Chat,
  connectChat,
  connectCustomer,
  connectFleet,
  connectLive,
  connectTracker,
  connectTrips,
  Customer,
  Fleet,
  Live,
  Tracker,
  Trips,
  type ChatEvents,
  type CustomerEvents,
  type FleetEvents,
  type LiveEvents,
  type TrackerEvents,
  type TripEvents,
} from './watchers.ts'
export {
  RestClient,
  type GivenTokens,
  type NewOrderBody,
  type NewRequestBody,
  type RestOptions,
} from './rest.ts'
export type { DriverLocation } from './rides.ts'
export type { BackgroundJob, ConversationReport } from './support.ts'
export type { NewTrip, Trip } from './trips.ts'
export type {
  CalendarLink,
  Closure,
  FreeSlots,
  NewAppointment,
  Service,
  ServiceGroup,
} from './visits.ts'
export type { Entry as ConversationEntry } from '../conversations/parts.ts'
export type { ConversationView as Conversation } from '../conversations/view.ts'
export type {
  Account,
  NewConversation,
  NewMessage,
  NewRating,
  Rating,
  Tokens,
} from './rest-shapes.ts'
export type { UploadedFile, UploadKind, UploadOptions } from './uploads.ts'
export type { ConnectOptions, WebSocketConstructor, WebSocketLike } from './connection.ts'
export type * from './messages.ts'
export { CaduceusError, errorCatalogue, type ErrorCode } from '../kernel/errors.ts'

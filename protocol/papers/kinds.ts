/**
 * The words of papers: one row for each kind of paper, with its subject, its queue of review and
 * whether it tells about a person's health. A stored paper has the name of its kind, so a kind is
 * never renamed or taken out.
 */

/** The records that a paper can be about. A vehicle has the id of its driver's record. */
export const paperSubjects = ['person', 'pharmacy', 'vehicle', 'order', 'appointment'] as const
export type PaperSubject = (typeof paperSubjects)[number]
export const reviewQueues = ['pharmacies', 'drivers', 'patients'] as const
export type ReviewQueue = (typeof reviewQueues)[number]

interface KindRow {
  about: readonly PaperSubject[]
  queue: ReviewQueue
  /** Each reading is in the audit trail in any case; of these nobody reads more than needed. */
  medical: boolean
}
const kind = (queue: ReviewQueue, ...about: PaperSubject[]): KindRow => ({
  about,
  queue,
  medical: queue === 'patients',
})

export const paperKinds = {
  identity: kind('drivers', 'person'),
  driver_licence: kind('drivers', 'person'),
  right_to_work: kind('drivers', 'person'),
  background_check: kind('drivers', 'person'),
  driver_training: kind('drivers', 'person'),
  vehicle_registration: kind('drivers', 'vehicle'),
  vehicle_insurance: kind('drivers', 'vehicle'),
  pharmacist_licence: kind('pharmacies', 'person'),
  pharmacy_licence: kind('pharmacies', 'pharmacy'),
  business_registration: kind('pharmacies', 'pharmacy'),
  liability_insurance: kind('pharmacies', 'pharmacy'),
  controlled_goods_permit: kind('pharmacies', 'pharmacy'),
  prescription: kind('patients', 'order', 'appointment'),
  medical_report: kind('patients', 'order', 'appointment'),
  consent: kind('patients', 'order', 'appointment'),
} as const satisfies Readonly<Record<string, KindRow>>
export type PaperKind = keyof typeof paperKinds
export const paperKindNames = Object.keys(paperKinds) as PaperKind[]
/** The row of a kind, without the literal types of the table. */
export const rowOfPaper = (name: PaperKind): KindRow => paperKinds[name]

/** What needs papers, with the records whose papers count. An order is held until it has them. */
export const requirementRoles = {
  driver: ['person', 'vehicle'],
  pharmacy: ['pharmacy'],
  order: ['order'],
} as const satisfies Readonly<Record<string, readonly PaperSubject[]>>
export type RequirementRole = keyof typeof requirementRoles
export const requirementRoleNames = Object.keys(requirementRoles) as RequirementRole[]

export const goodsClasses = [
  'plain',
  'prescription',
  'cold_chain',
  'controlled',
  'age_restricted',
] as const
export type GoodsClass = (typeof goodsClasses)[number]

/** `required`: there is no paper. `superseded`: a newer paper has taken its place. */
export const paperStates = [
  'required',
  'pending',
  'in_review',
  'approved',
  'rejected',
  'expiring',
  'expired',
  'revoked',
  'superseded',
] as const
export type PaperState = (typeof paperStates)[number]

export const rejectionReasons = [
  'unreadable',
  'wrong_document',
  'incomplete',
  'out_of_date',
  'name_mismatch',
  'not_in_register',
  'suspected_forgery',
  'other',
] as const

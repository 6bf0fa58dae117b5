/** The people at a hand-over, and the documents that they show. Without schemas, for pages too. */

/** How the person at the door stands to the patient; `patient` is the customer. */
export const relationships = [
  'patient',
  'family',
  'caregiver',
  'staff',
  'neighbour',
  'other',
] as const

/** Kinds of a document, and what came of looking at one. */
export const identityDocuments = [
  'passport',
  'driving_licence',
  'national_id',
  'health_card',
  'other',
] as const
export const identityOutcomes = ['matches', 'differs', 'not_shown'] as const

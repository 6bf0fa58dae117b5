/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const paper = { id: of.document }

export const examples: Readonly<Record<string, Example>> = {
  createRequirement: {
    as: 'admin',
    body: {
      role: 'driver',
      kind: 'driver_training',
      country: 'NP',
      goods_class: 'cold_chain',
      effect: 'warning',
      grace_days: 30,
    },
    status: 201,
  },
  listRequirements: { as: 'vendor', status: 200 },
  changeRequirement: {
    as: 'admin',
    params: { id: of.requirement },
    body: { grace_days: 60 },
    status: 200,
  },
  endRequirement: { as: 'admin', params: { id: of.requirement }, status: 204 },
  createDocument: {
    as: 'vendor',
    body: {
      file_id: of.paperFile,
      kind: 'pharmacy_licence',
      subject: 'pharmacy',
      subject_id: of.vendor,
      number: 'PH-1234',
      issued_on: '2026-01-15',
      expires_on: '2030-01-14',
    },
    status: 201,
  },
  listDocuments: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getDocument: { as: 'vendor', params: paper, status: 200 },
  readDocument: { as: 'vendor', params: paper, status: 200 },
  listReviews: { as: 'admin', query: { queue: 'pharmacies', limit: 1 }, status: 200 },
  takeReview: { as: 'admin', body: { document_id: of.document }, status: 201 },
  endReview: { as: 'admin', params: paper, status: 204 },
  decideDocument: {
    as: 'admin',
    params: paper,
    body: {
      decision: 'approved',
      digest: of.documentDigest,
      expires_on: '2030-01-14',
    },
    status: 200,
  },
}

/** The requests of the access test for people, their papers, and what is required. */
import { memberCalls } from './access-members.ts'
import type { Who, World } from './access-world.ts'

type Ids = Readonly<Record<string, string>>
interface Request {
  params?: Record<string, string>
  body?: unknown
}
interface PaperRule {
  of(ids: Ids, who: Who, world: World): Request | Promise<Request>
  last?: boolean
}

const document = (ids: Ids): Request => ({ params: { id: ids['document']! } })

/** By operationId. */
export const paperCalls: Readonly<Record<string, PaperRule>> = {
  ...memberCalls,
  createDocument: {
    of: async (ids, who, world) => ({
      body: {
        file_id: await world.paperFile(who),
        kind: 'pharmacy_licence',
        subject: 'pharmacy',
        subject_id: ids['vendor']!,
      },
    }),
  },
  getDocument: { of: document },
  readDocument: { of: document },
  takeReview: {
    of: async (ids, who, world) => ({
      body: {
        document_id: who === 'stranger' ? ids['document'] : (await world.document()).document,
      },
    }),
  },
  endReview: { of: document },
  decideDocument: {
    last: true,
    of: async (ids, who, world) => {
      const { document, documentDigest } =
        who === 'stranger'
          ? { document: ids['document']!, documentDigest: '0'.repeat(64) }
          : await world.document(true)
      return {
        params: { id: document },
        body: { decision: 'rejected', digest: documentDigest, reason_code: 'unreadable' },
      }
    },
  },
  createRequirement: {
    of: () => ({
      body: { role: 'driver', kind: 'driver_training', effect: 'warning', goods_class: 'plain' },
    }),
  },
  changeRequirement: {
    of: ids => ({ params: { id: ids['requirement']! }, body: { grace_days: 3 } }),
  },
  endRequirement: { last: true, of: ids => ({ params: { id: ids['requirement']! } }) },
}

/**
 * The party on whose behalf a command acts. Edges authenticate it and fill it in; the actor checks
 * ownership with it.
 */
import Type from 'typebox'
import { uuidPattern } from './ids.ts'

export const Principal = Type.Object(
  {
    role: Type.Union([
      Type.Literal('customer'),
      Type.Literal('vendor'),
      Type.Literal('driver'),
      Type.Literal('admin'),
      Type.Literal('service'),
      Type.Literal('system'),
    ]),
    /** The id of the customer, pharmacy or driver; for other roles a name for the audit. */
    id: Type.String({ minLength: 1, maxLength: 100 }),
    /**
     * Account of the person who acts for the pharmacy. It changes nothing that the principal may
     * do. Absent for other roles, for services, and in events of older releases.
     */
    person: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
  { additionalProperties: false },
)
export type Principal = Type.Static<typeof Principal>

export const Uuid = Type.String({
  pattern: uuidPattern,
  'x-rule': 'must be an id such as 0190b2a0-0000-7000-8000-000000000001',
})

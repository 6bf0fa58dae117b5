/** What an engine or an edge says of itself, and the question for it. */
import Type from 'typebox'
import { oneOf } from '../kernel/schema.ts'

const Name = Type.String({ minLength: 1, maxLength: 100 })

export const ProcessFigures = Type.Object({
  kind: oneOf(['edge', 'engine']),
  id: Name,
  uptime_seconds: Type.Number({ minimum: 0 }),
  processor_seconds: Type.Number({ minimum: 0, description: 'Since the process began' }),
  resident_bytes: Type.Integer({ minimum: 0 }),
  figures: Type.Record(Name, Type.Number(), { description: 'Counters of this kind of process' }),
})
export type ProcessFigures = Type.Static<typeof ProcessFigures>

export const FiguresWanted = Type.Object({ ask: Name })
export const FiguresTold = Type.Object({ ask: Name, process: ProcessFigures })

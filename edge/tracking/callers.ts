/** The callers that the operations of this feature answer. */
import { everyone, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  track: everyone,
}

/** The callers that the operations of this feature answer. */
import { signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = { findPlaces: signedIn }

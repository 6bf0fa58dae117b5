/** Errors that pass by themselves. */
import { CaduceusError, errorCatalogue } from '../../../protocol/client/index.ts'

/** True for an error that a later try may not meet: no network, no sign-in, a busy server. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof CaduceusError)) return false
  const { retryable, http } = errorCatalogue[error.code]
  return retryable || http === 401 || http >= 500
}

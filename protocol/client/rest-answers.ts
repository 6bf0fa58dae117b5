/** What the REST client reads from answers: the error of a refusal, and the times in a token. */
import { CaduceusError, isErrorCode, type FieldError } from '../kernel/errors.ts'

/** A refusal as an error. `text` is the body: a problem document, or the text of a proxy. */
export function problemOf(response: Response, text: string): CaduceusError {
  let problem: { code?: unknown; detail?: string; error?: string; fields?: FieldError[] } | null =
    null
  try {
    problem = JSON.parse(text)
  } catch {
    // The answer is not from our server.
  }
  return new CaduceusError(
    isErrorCode(problem?.code) ? problem.code : 'internal',
    // The older names answer with `error` alone.
    problem?.detail ?? problem?.error ?? `HTTP ${response.status}`,
    problem?.fields,
    Number(response.headers.get('retry-after') ?? 0) || undefined,
  )
}

/** The times in the token. Zeros when they cannot be read: the token is then refreshed at once. */
export function claimsOf(token: string): { issuedAtSeconds: number; expiresAtSeconds: number } {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')
    const { iat, exp } = JSON.parse(atob(payload)) as { iat?: number; exp: number }
    return { issuedAtSeconds: iat ?? Date.now() / 1_000, expiresAtSeconds: exp }
  } catch {
    return { issuedAtSeconds: 0, expiresAtSeconds: 0 }
  }
}

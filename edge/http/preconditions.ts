/**
 * ETag and If-Match for records that two people may edit. The tag is the revision of the record,
 * which the database counts, so two edits within one millisecond differ. A PATCH without If-Match
 * overwrites any revision.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'

/** The ETag of a revision. */
export const etagOf = (revision: number): string => `"${revision}"`

/**
 * The revisions that the caller accepts; null accepts any. A weak tag matches nothing, because
 * If-Match compares strongly (RFC 9110, 13.1.1). Throws `precondition_failed` when no tag is one of
 * ours.
 */
export function expectedRevisions(headers: Readonly<Record<string, string>>): number[] | null {
  const given = headers['if-match']
  if (given === undefined || given.trim() === '*') return null
  const revisions = given
    .split(',')
    .map(tag => /^\s*"(\d{1,9})"\s*$/.exec(tag)?.[1])
    .filter(tag => tag !== undefined)
    .map(Number)
  if (revisions.length === 0) throw changed()
  return revisions
}

/** Throws `precondition_failed` when the caller expects another revision. */
export function requireRevision(headers: Readonly<Record<string, string>>, revision: number): void {
  const expected = expectedRevisions(headers)
  if (expected !== null && !expected.includes(revision)) throw changed()
}

/** The error for a record that was changed since the caller read it. */
export const changed = (): CaduceusError =>
  new CaduceusError(
    'precondition_failed',
    'the record has changed since it was read; read it again and repeat the change',
  )

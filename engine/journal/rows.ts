/**
 * Array literals, for the statements that are not on the hot path. The array encoding of the
 * database's client escapes every element through several function calls. Here most columns need no
 * escape at all.
 */
import type { AppendRequest } from './journal.ts'

/**
 * For values without quotes, commas, braces and spaces: numbers, uuids, timestamps, our own words.
 */
export function plainArray(values: readonly (string | number | null)[]): string {
  let out = '{'
  for (let i = 0; i < values.length; i++)
    out += i === 0 ? (values[i] ?? 'NULL') : `,${values[i] ?? 'NULL'}`
  return `${out}}`
}

/** For text from outside. A NUL is dropped, because Postgres cannot store it as text. */
export const textArray = (values: readonly (string | null)[]): string =>
  plainArray(values.map(value => (value === null ? null : quote(value))))

const needsEscape = /["\\\0]/
const quote = (value: string): string =>
  `"${needsEscape.test(value) ? value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll('"', '\\"') : value}"`

/** An append with the number of its first event in the slot. */
export interface NumberedAppend {
  request: AppendRequest
  firstSeq: number
}

/**
 * The parameters of `statements.findWritten`: the identity and content of each event of the group.
 */
export function identityParameters(group: readonly NumberedAppend[]): unknown[] {
  const rows = group.flatMap(({ request, firstSeq }) =>
    request.events.map((event, i) => ({
      actorId: request.actorId,
      version: request.fromVersion + 1 + i,
      slot: request.slot,
      seq: firstSeq + i,
      commandId: request.commandId,
      atMs: request.atMs,
      event,
    })),
  )
  return [
    plainArray(rows.map(row => row.actorId)),
    plainArray(rows.map(row => row.version)),
    plainArray(rows.map(row => row.slot)),
    plainArray(rows.map(row => row.seq)),
    textArray(rows.map(row => row.commandId)),
    plainArray(rows.map(row => row.event.type)),
    plainArray(rows.map(row => row.atMs)),
    textArray(rows.map(row => JSON.stringify(row.event.data))),
  ]
}

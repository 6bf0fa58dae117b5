/**
 * Any error as one of the catalogue, for HTTP and for sockets: `unavailable` or `overloaded` when the
 * surroundings fail, and `internal` for a defect of ours.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'

/** An error of the catalogue stays as it is. */
export const asProblem = (error: unknown): CaduceusError =>
  error instanceof CaduceusError ? error : (ofSurroundings(error) ?? new CaduceusError('internal'))

/**
 * An error of the surroundings: a database that is away, busy or has a full disk, or a full disk
 * for uploads. It is not a defect of this program and not a mistake of the request, so the caller
 * may come again.
 */
function ofSurroundings(error: unknown): CaduceusError | null {
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown }
  if (name === 'PoolOverloadedError') return new CaduceusError('overloaded')
  if (typeof code === 'string' && noRoom.test(code))
    return new CaduceusError('unavailable', 'there is no room to store this at the moment')
  const away =
    (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|08|57P0|53300)/.test(code)) ||
    (typeof message === 'string' &&
      /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(
        message,
      ))
  return away ? new CaduceusError('unavailable') : null
}

/** PostgreSQL: disk full. Files: no space, or quota used up. */
const noRoom = /^(53100|ENOSPC|EDQUOT)$/

/**
 * Passwords: argon2id with OWASP's parameters. Hashing takes tens of milliseconds of a thread and
 * 19 MiB, so how many wait is bounded: a flood of sign-ins is refused and does not become a queue that
 * outlives the callers. Rejected: bcrypt, which cuts passwords at 72 bytes and needs no memory to attack.
 */
import { hash, verify, type Options } from '@node-rs/argon2'
import { CaduceusError } from '../../protocol/errors.ts'

/** Algorithm is argon2id by default; its const enum cannot be named under `verbatimModuleSyntax`. */
const parameters: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const passwordCharactersMin = 8
export const passwordCharactersMax = 200
/** At some 25 ms each on four threads the last one waits about two seconds. */
const waitingMax = 256

let waiting = 0
async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= waitingMax) throw new CaduceusError('overloaded', 'too many sign-ins at once; try again in a moment')
  waiting++
  try {
    return await work()
  } finally {
    waiting--
  }
}

export const hashPassword = (password: string): Promise<string> => bounded(() => hash(password, parameters))

/** `null` stands for an account that does not exist: it takes as long and is always wrong. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  const matches = await bounded(async () => verify(stored ?? await dummyHash(), password))
  return stored !== null && matches
}

let dummy: Promise<string> | null = null
const dummyHash = (): Promise<string> => (dummy ??= hash('no account has this password', parameters))
/** Made at start, so that the first unknown e-mail does not take twice as long. */
export const preparePasswords = async (): Promise<void> => { await dummyHash() }

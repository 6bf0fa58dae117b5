/**
 * Passwords: argon2id with OWASP's parameters. A hash takes tens of milliseconds of a thread and 19
 * MiB, so addresses share the threads and the number of waiting hashes is bounded. A flood of
 * sign-ins is refused; it neither becomes a queue that outlives its callers nor delays others.
 * Rejected: bcrypt, which cuts passwords at 72 bytes and needs no memory to attack.
 */
import { availableParallelism } from 'node:os'
import { hash, verify, type Options } from '@node-rs/argon2'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { opaqueString, passwordForms } from '../text/passwords.ts'
import { FairQueue } from './fair-queue.ts'
import {
  hashesAtOnceMax,
  hashesPerAddressMax,
  hashesRetrySeconds,
  hashesWaitingMax,
} from './limits.ts'

/**
 * Algorithm is argon2id by default; its const enum cannot be named under `verbatimModuleSyntax`.
 */
const parameters: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const queue = new FairQueue(
  {
    atOnceMax: Math.min(hashesAtOnceMax, Math.max(1, availableParallelism())),
    totalMax: hashesWaitingMax,
    perKeyMax: hashesPerAddressMax,
  },
  () =>
    new CaduceusError(
      'overloaded',
      'too many sign-ins at once; try again in a moment',
      undefined,
      hashesRetrySeconds,
    ),
)

/** `from`: the group of addresses that asks; null for the program itself. Throws `overloaded`. */
export const hashPassword = (password: string, from: string | null = null): Promise<string> =>
  queue.run(from, () => hash(opaqueString(password), parameters))

/** Marks an account that no password opens, because a code made it. */
export const noPassword = ''

/**
 * Compares the password with the stored one. `outdated`: it is right and should be stored again in
 * today's form. `null` and `noPassword` take as long and are always wrong. Throws `overloaded`.
 */
export async function comparePassword(
  stored: string | null,
  password: string,
  from: string | null,
): Promise<'right' | 'outdated' | 'wrong'> {
  const there = stored !== null && stored !== noPassword
  const against = there ? stored : await dummyHash()
  for (const [i, form] of passwordForms(password).entries())
    if ((await queue.run(from, () => verify(against, form))) && there)
      return i === 0 ? 'right' : 'outdated'
  return 'wrong'
}

/** Like `comparePassword`, for callers that need only yes or no. */
export const verifyPassword = async (
  stored: string | null,
  password: string,
  from: string | null = null,
): Promise<boolean> => (await comparePassword(stored, password, from)) !== 'wrong'

let dummy: Promise<string> | null = null
const dummyHash = (): Promise<string> =>
  (dummy ??= hash('no account has this password', parameters))
/**
 * Makes the stand-in hash at start, so that the first unknown e-mail does not take twice as long.
 */
export const preparePasswords = async (): Promise<void> => {
  await dummyHash()
}

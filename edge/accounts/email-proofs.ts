/**
 * Proofs that somebody read a code in a mailbox, kept until that person registers. The registration
 * shows the proof, or comes from the place that showed the code, as in the older APIs, which have
 * no proof. From another place the proof is required; otherwise the first to register would inherit
 * the proof of somebody else.
 */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountLimits } from './account-limits.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { placeOfOrigin, type Origin } from './places.ts'
import { hashToken } from './tokens.ts'

/** The proof of a registration, if it has one, and its origin. */
export interface ShownProof {
  token: string | undefined
  origin: Origin
}

/** Makes the proof of a redeemed code. Returns the proof, which cannot be shown again. */
export async function createEmailProof(
  db: Kysely<Tables>,
  codeId: string,
  origin: Origin,
): Promise<string> {
  const proof = randomBytes(24).toString('base64url')
  await db
    .updateTable('one_time_codes')
    .set({ proof_hash: hashToken(proof), proof_place: placeOfOrigin(origin) })
    .where('id', '=', codeId)
    .execute()
  return proof
}

/**
 * Spends a proof of the e-mail within accountLimits.emailProofLifeMs. False when there is none.
 * Throws `code_wrong` for a wrong proof.
 */
export async function spendEmailProof(
  tx: Kysely<Tables>,
  nowMs: number,
  email: string,
  { token, origin }: ShownProof,
): Promise<boolean> {
  const unspent = tx
    .updateTable('one_time_codes')
    .set({ proof_hash: null, proof_place: null })
    .where('destination', '=', normalEmail(email))
    .where('proof_hash', 'is not', null)
    .where('used_at', '>', new Date(nowMs - accountLimits.emailProofLifeMs))
  const spent = await (
    token === undefined
      ? unspent.where('proof_place', '=', placeOfOrigin(origin))
      : unspent.where('proof_hash', '=', hashToken(token))
  )
    .returning('id')
    .execute()
  if (token !== undefined && spent.length === 0)
    throw new CaduceusError(
      'code_wrong',
      'verification_token is wrong, was used, has expired or is of another e-mail',
    )
  return spent.length > 0
}

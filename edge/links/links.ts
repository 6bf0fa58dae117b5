/**
 * Links that open one file for one reader for a few minutes, because a browser tab, a picture and a
 * player send no token. A link names its reader. The right of that account to read the file is
 * checked when the link is opened, as with a token, so a link opens nothing that its reader has
 * lost.
 *
 * Rejected: the access token in the URL, which would also open everything else.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isUuid } from '../../protocol/kernel/ids.ts'
import { accountById } from '../accounts/accounts.ts'
import type { Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import { refusedFor, type WithStandings } from '../kernel/standing.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { uploadIdOf } from './own-urls.ts'
import { uploadLimits } from './limits.ts'

export type SigningContext = Pick<Kernel, 'nowMs'> & {
  readonly config: Pick<KernelConfig, 'jwtSecret'>
}
export type LinkContext = Pick<Kernel, 'database' | 'nowMs'> &
  WithEndedAccess &
  WithStandings &
  Pick<SigningContext, 'config'>
/** The query of a link. `expires`: seconds since the epoch. */
export interface LinkQuery {
  reader?: string
  expires?: number
  signature?: string
}

const keys = new WeakMap<object, Buffer>()
/**
 * A derived key: the signature of a link is never valid for anything else that is signed with the
 * server's secret.
 */
function keyOf(config: SigningContext['config']): Buffer {
  let key = keys.get(config)
  if (key === undefined)
    keys.set(
      config,
      (key = Buffer.from(hkdfSync('sha256', config.jwtSecret, '', 'caduceus upload links', 32))),
    )
  return key
}

const signatureOf = (
  config: SigningContext['config'],
  id: string,
  reader: string,
  expires: number,
): string =>
  createHmac('sha256', keyOf(config)).update(`${id}\0${reader}\0${expires}`).digest('base64url')

/**
 * Adds a signature for this account to `url` when its path names a file of ours; returns any other
 * text unchanged.
 */
export function signedUrl(
  { config, nowMs }: SigningContext,
  accountId: string,
  url: string,
): string {
  const id = uploadIdOf(url)
  if (id === null) return url
  const expires = Math.ceil(nowMs() / 1000) + uploadLimits.linkSeconds
  return `${uploadUrl(id)}?reader=${accountId}&expires=${expires}&signature=${signatureOf(config, id, accountId, expires)}`
}

/**
 * The reader of a link. Throws `token_invalid` for a link that is incomplete, changed or expired,
 * and for an account that is gone, is not active, or was deactivated since the link was made. Throws
 * `vendor_not_active` or `driver_not_member` for a pharmacy or driver who no longer has full access:
 * a link opens no more than the token of its reader.
 */
export async function readerOf(
  ctx: LinkContext,
  fileId: string,
  { reader, expires, signature }: LinkQuery,
): Promise<Identity> {
  const refused = new CaduceusError(
    'token_invalid',
    'the link is invalid or has expired; read the order again for a new one',
  )
  if (reader === undefined || expires === undefined || signature === undefined || !isUuid(reader))
    throw refused
  const given = Buffer.from(signature)
  const expected = Buffer.from(signatureOf(ctx.config, fileId, reader, expires))
  if (
    given.length !== expected.length ||
    !timingSafeEqual(given, expected) ||
    ctx.nowMs() >= expires * 1000
  )
    throw refused
  const issuedAtMs = (expires - uploadLimits.linkSeconds) * 1000
  const account = await accountById(ctx.database.kysely, reader)
  if (
    account === null ||
    !account.is_active ||
    ctx.endedAccess.hasEnded({ userId: reader, issuedAtMs })
  )
    throw refused
  const identity: Identity = {
    userId: account.id,
    role: account.role,
    name: account.full_name,
    pharmacyId: account.vendor_id,
    ...(account.member_role !== null && { memberRole: account.member_role }),
    driverId: account.driver_id,
    issuedAtMs,
    expiresAtMs: expires * 1000,
  }
  const { access, why } = await ctx.standings.of(identity)
  if (access !== 'full') throw refusedFor(identity.role, why)
  return identity
}

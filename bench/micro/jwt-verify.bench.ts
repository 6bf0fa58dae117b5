/**
 * Checking the token of a handshake completely, beside the bare HMAC that it must cost. An edge
 * remembers tokens whose signature was good, so there are two figures: a token that it does not
 * remember (more tokens are used than it remembers), and one that it does.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { createTokens } from '../../edge/accounts/tokens.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'
import { tokensRememberedMax } from '../../edge/accounts/limits.ts'

const tokensCount = 200
const jwtSecret = 'only for a bench, and of at least 32 characters'
let sink = 0

async function cases() {
  const nowMs = Date.now()
  const random = seededRandom(5)
  const tokens = await createTokens({ jwtSecret, accessTokenMinutes: 60, refreshTokenDays: 1 })
  const all = await Promise.all(
    Array.from({ length: tokensRememberedMax + tokensCount }, (_, index) =>
      tokens.signAccess(
        {
          userId: uuidV7(nowMs, random),
          role: 'driver',
          name: `Driver ${index}`,
          pharmacyId: null,
          driverId: uuidV7(nowMs, random),
        },
        nowMs,
      ),
    ),
  )
  const signed = all.slice(0, tokensCount)
  let next = 0
  const key = createSecretKey(Buffer.from(jwtSecret))
  return {
    'HMAC-SHA256 alone': {
      operationsPerRun: tokensCount,
      run: () => {
        for (const token of signed) {
          const dot = token.lastIndexOf('.')
          const wanted = createHmac('sha256', key).update(token.slice(0, dot)).digest()
          if (timingSafeEqual(wanted, Buffer.from(token.slice(dot + 1), 'base64url'))) sink++
        }
      },
    },
    'verifyAccess, not seen lately': {
      operationsPerRun: tokensCount,
      run: async () => {
        for (let i = 0; i < tokensCount; i++)
          sink += (await tokens.verifyAccess(all[next++ % all.length]!, nowMs)).userId.length
      },
    },
    'verifyAccess, remembered': {
      operationsPerRun: tokensCount,
      run: async () => {
        for (const token of signed) sink += (await tokens.verifyAccess(token, nowMs)).userId.length
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'jwt-verify',
  title: 'the token at a handshake',
  baseline: 'HMAC-SHA256 alone',
  cases,
}

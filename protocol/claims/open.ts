/** Opens the claims of a process: Redis where its URL is set, else claims inside the process. */
import type { Env } from '../kernel/env.ts'
import type { ServiceUrls } from '../kernel/environment.ts'
import type { Claims } from './claims.ts'
import { memoryClaims } from './memory.ts'
import { redisClaims } from './redis.ts'

export const openClaims = async (
  { redisUrl }: Pick<ServiceUrls, 'redisUrl'>,
  { nowMs, after }: Pick<Env, 'nowMs' | 'after'>,
  onLog: (line: string) => void,
): Promise<Claims> =>
  redisUrl === null ? memoryClaims(nowMs, after) : redisClaims(redisUrl, { onLog })

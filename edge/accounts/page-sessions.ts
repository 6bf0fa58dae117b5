/**
 * The sign-ins of the pages: the refresh token of a page is in a cookie that no script can read.
 * There is one cookie for each page, so that a customer's tab and a terminal's tab of one browser
 * live beside each other. A page signs in as every client does, gives its refresh token here once,
 * and gets access tokens from then on, which it holds in memory.
 *
 * Over TLS the name of the cookie begins with `__Host-`. A browser takes such a cookie from this host
 * alone, so a page of a sister host cannot plant a sign-in of its own. The path of the cookie is `/`.
 *
 * Only these two rows read a cookie, so only they can be forged by a page of another site. SameSite
 * keeps the cookie away from such a page. Where a browser does not, the origin decides, and a header
 * that no form and no foreign script can send without a preflight, which is refused.
 *
 * Rejected: one cookie for the whole API, because every row would then need such a defence.
 * Rejected: tokens in localStorage, because any script that once ran on a page could take them
 * along.
 */
import Type from 'typebox'
import { pageSessions } from '../../protocol/accounts/page-sessions.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isOwnOrigin } from '../kernel/origins.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { AccountView, closedObject, tokenFields } from '../kernel/shapes.ts'
import { accountView, RefreshToken, type AuthContext } from './routes.ts'
import { endSession, originOf, refreshSession } from './sessions.ts'

const PageName = Type.Object({ page: Type.Enum([...pageSessions.pages]) })
const { refresh_token: _, ...accessFields } = tokenFields
const headerParameters = {
  [pageSessions.header]: {
    required: true,
    description: 'The name of the page, as in the path; no other site can send it',
  },
}

interface Asked {
  params: { page: string }
  headers: Readonly<Record<string, string>>
  readonly origin: string | null
}

/** The rows with which a page of a browser stays signed in. */
export function pageSessionRoutes(ctx: AuthContext): AnyRoute[] {
  const lifeSeconds = ctx.config.refreshTokenDays * 24 * 3_600
  return [
    route({
      method: 'POST',
      path: '/api/auth/page-sessions/:page',
      operationId: 'renewPageSession',
      summary:
        'For pages in a browser: a new access token for the refresh token in the cookie of this page, or for the one in the body, which then becomes the cookie',
      tags: ['auth'],
      auth: 'none',
      params: PageName,
      headerParameters,
      body: closedObject({ refresh_token: Type.Optional(RefreshToken) }),
      responses: {
        200: {
          description: 'Signed in',
          schema: Type.Object({ user: AccountView, ...accessFields }),
        },
        204: { description: 'Nobody is signed in on this page' },
      },
      errors: ['token_invalid', 'account_inactive', 'forbidden'],
      handler: async request => {
        refuseOtherSites(request)
        const token = request.body.refresh_token ?? cookieOf(request)
        if (token === null) return { status: 204 }
        const { account, refresh_token, ...access } = await refreshSession(
          ctx,
          token,
          originOf(request),
        )
        return {
          status: 200,
          body: { user: accountView(account), ...access },
          headers: { 'set-cookie': cookie(request, refresh_token, lifeSeconds) },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/auth/page-sessions/:page',
      operationId: 'endPageSession',
      summary: 'For pages in a browser: end the sign-in of this page, and delete its cookie',
      tags: ['auth'],
      auth: 'none',
      params: PageName,
      headerParameters,
      responses: { 204: { description: 'Nobody is signed in on this page any more' } },
      errors: ['forbidden'],
      handler: async request => {
        refuseOtherSites(request)
        const token = cookieOf(request)
        // A token that is no longer valid has nothing to end; its cookie goes all the same.
        if (token !== null) await endSession(ctx, token).catch(ignoreInvalid)
        return { status: 204, headers: { 'set-cookie': cookie(request, '', 0) } }
      },
    }),
  ]
}

function ignoreInvalid(error: unknown): void {
  if (!(error instanceof CaduceusError && error.code === 'token_invalid')) throw error
}

/** Throws `forbidden` for a request that a page of another site, or of no site, may have caused. */
function refuseOtherSites({ params, headers }: Asked): void {
  const site = headers['sec-fetch-site']
  const from = headers['origin']
  if (
    headers[pageSessions.header] !== params.page ||
    (site !== undefined && site !== 'same-origin') ||
    (from !== undefined && !isOwnOrigin(from, headers['host'] ?? ''))
  )
    throw new CaduceusError('forbidden', 'only a page of this server may ask for its own sign-in')
}

/** True when the page came over TLS, by the proxy's word or by the browser's. */
const isOverTls = ({ origin, headers }: Asked): boolean =>
  [origin, headers['origin']].some(from => from?.startsWith('https:') === true)

const nameOf = (asked: Asked): string =>
  `${isOverTls(asked) ? '__Host-' : ''}caduceus_${asked.params.page}`

function cookieOf(asked: Asked): string | null {
  const name = nameOf(asked)
  for (const part of (asked.headers['cookie'] ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || null
  }
  return null
}

/** `Secure` where the page came over TLS; a browser would drop such a cookie of a plain page. */
const cookie = (asked: Asked, token: string, lifeSeconds: number): string =>
  [
    `${nameOf(asked)}=${token}`,
    `Path=${isOverTls(asked) ? '/' : `/api/auth/page-sessions/${asked.params.page}`}`,
    `Max-Age=${lifeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isOverTls(asked) ? ['Secure'] : []),
  ].join('; ')

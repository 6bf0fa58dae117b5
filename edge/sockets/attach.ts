/**
 * The socket routes. One behaviour for all of them: upgrade, authenticate, open, pass messages on. A
 * route adds only who may come in and what its messages mean.
 */
import type { TemplatedApp, WebSocketBehavior } from 'uWebSockets.js'
import { CaduceusError, closeCodes } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import { Seldom } from '../../protocol/seldom.ts'
import type { EdgeContext } from '../context.ts'
import { tokensOf, type Tokens } from '../accounts/tokens.ts'
import { Admission } from './admission.ts'
import { addressGroup } from '../http/address.ts'
import { openCustomer } from './customer.ts'
import { openDriver } from './driver.ts'
import { isUuid, uuidV7 } from '../../protocol/ids.ts'
import { admitHandshake, upgrade, type Handshake, type UpgradedData } from './handshake.ts'
import { Ingest } from './ingest.ts'
import { openPharmacy } from './pharmacy.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { Session, type Opened, type SocketRole } from './session.ts'
import { openTracking } from './tracking.ts'
import { openVendor } from './vendor.ts'

/** Authenticates and reads the first state; subscribes before it reads, so that nothing falls between. Throws to refuse. */
type OpenSocket = (ctx: EdgeContext, session: Session, handshake: Handshake) => Promise<Opened>

/** Registers every socket route on the app; `ctx.hub.closeAll()` ends what this begins. */
export function attachSockets(app: Pick<TemplatedApp, 'ws'>, ctx: EdgeContext): void {
  const ingest = new Ingest(ctx)
  const admission = new Admission(ctx.config.handshakesPerSecond, ctx.nowMs)
  const door: Door = { admission, tokens: null }
  void tokensOf(ctx.config).then(tokens => {
    door.tokens = tokens
  })
  ctx.hub.onDrain(() => ingest.close())
  const driver: OpenSocket = (ctx, session, handshake) =>
    openDriver(ctx, ingest, session, handshake)
  const routes: [pattern: string, role: SocketRole, open: OpenSocket][] = [
    ['/ws/customer', 'customer', openCustomer],
    ['/ws/pharmacy', 'pharmacy', openPharmacy],
    ['/ws/driver', 'driver', driver],
    ['/ws/driver/:user_id', 'driver', driver],
    ['/ws/vendor/:vendor_id', 'vendor', openVendor],
    ['/ws/tracking/:token', 'tracking', openTracking],
  ]
  for (const [pattern, role, open] of routes) {
    app.ws(pattern, behavior(ctx, door, role, open))
    app.ws(`${pattern}/`, behavior(ctx, door, role, open))
  }
}

/** `tokens` from the moment that the key was imported; nobody is vouched for before. */
interface Door {
  readonly admission: Admission
  tokens: Tokens | null
}

function behavior(
  ctx: EdgeContext,
  door: Door,
  role: SocketRole,
  open: OpenSocket,
): WebSocketBehavior<UpgradedData> {
  const parts = {
    log: ctx.log,
    metrics: ctx.metrics,
    nowMs: ctx.nowMs,
    rateLimited: !ctx.config.benchAllowed,
    flushSoon: (session: Session) => ctx.hub.flushSoon(session),
    caughtUp: (session: Session) => ctx.hub.caughtUp(session),
  }
  const seldom = new Seldom((line, error) => ctx.log.error({ err: error }, line), ctx.nowMs)
  const refused = new Seldom(
    (line, why) => ctx.log.info(typeof why === 'string' ? { code: why } : { err: why }, line),
    ctx.nowMs,
  )
  const failed = (where: string, error: unknown): void =>
    seldom.say(where, `${where} of a socket failed`, error)
  return {
    maxPayloadLength: limits.socketPayloadBytesMax,
    // Session closes at half of this with 4408; the close frame itself must still fit.
    maxBackpressure: 2 * limits.socketBackpressureBytesMax,
    closeOnBackpressureLimit: true,
    idleTimeout: limits.socketIdleTimeoutSeconds,
    sendPingsAutomatically: true,
    // uWebSockets' DISABLED: frames are too small to gain, and a compressor per socket is memory.
    compression: 0,
    upgrade(res, req, context) {
      try {
        upgrade(ctx, door.admission, door.tokens, res, req, context)
      } catch (error) {
        // uWebSockets has no caller who would catch, and a request that nobody answers ends the process.
        failed('upgrade', error)
        res.close()
      }
    },
    open(ws) {
      const data = ws.getUserData()
      const session = new Session(role, ws, parts)
      const handshake = data.handshake!
      session.origin = handshake.origin
      data.session = session
      data.handshake = null
      ctx.hub.add(session)
      const ended = door.admission.begin()
      ctx.metrics.handshakesUnderWay.set(door.admission.underWay)
      admitHandshake(ctx, 'address', addressGroup(handshake.address))
        .then(() => open(ctx, session, handshake))
        .then(
          opened => {
            session.identity = handshake.identity
            // It may have ended between its check and now, when nobody knew yet whose socket this is.
            if (ctx.hub.closeIfEnded(session)) {
              noteConnection(
                ctx,
                session,
                handshake,
                ctx.endedAccess.hasEnded(handshake.identity!)
                  ? closeCodes.unauthenticated
                  : closeCodes.wrongRole,
              )
              return
            }
            noteConnection(ctx, session, handshake, 101)
            session.open(opened.handler, opened.greeting)
          },
          (error: unknown) => {
            const refusal = refusalOf(error)
            // Whoever knocks chooses how often this is said; why is in the audit trail. A stack belongs to a defect of ours.
            if (!(error instanceof Refusal)) {
              const why = error instanceof CaduceusError ? error.code : error
              refused.say(
                `${refusal.closeCode} ${error instanceof CaduceusError ? error.code : ''}`,
                `a socket of the role ${role} was refused with ${refusal.closeCode}`,
                why,
              )
            }
            noteConnection(ctx, session, handshake, refusal.closeCode)
            session.close(refusal.closeCode, refusal.message)
          },
        )
        .catch((error: unknown) => {
          failed('open', error)
          session.close(1011, 'the socket could not be opened')
        })
        .finally(() => {
          ended()
          ctx.metrics.handshakesUnderWay.set(door.admission.underWay)
        })
    },
    message(ws, message, isBinary) {
      const session = ws.getUserData().session!
      try {
        session.receive(new Uint8Array(message), isBinary)
      } catch (error) {
        failed('message', error)
      }
    },
    // The client reads on: what waited for that goes out.
    drain(ws) {
      const session = ws.getUserData().session!
      try {
        session.flush()
      } catch (error) {
        failed('drain', error)
      }
    },
    close(ws) {
      const session = ws.getUserData().session!
      try {
        session.closed()
      } catch (error) {
        failed('close', error)
      }
      ctx.hub.remove(session)
    },
  }
}

/** A connection shows a person's records for as long as it lasts. Messages on it are commands, which the journal has. */
function noteConnection(
  ctx: EdgeContext,
  session: Session,
  { parameter, identity, address, userAgent }: Handshake,
  status: number,
): void {
  const target = isUuid(parameter)
    ? parameter
    : session.role === 'tracking'
      ? ([...session.watchedOrders].at(0) ?? null)
      : null
  ctx.audit.note({
    actorRole: identity?.role ?? 'anonymous',
    actorId: identity?.userId ?? null,
    operation: `socket.${session.role}`,
    targetKind: session.role === 'tracking' ? 'tracking' : `${session.role}s`,
    targetId: target,
    address,
    userAgent,
    status,
    code: null,
    requestId: uuidV7(ctx.nowMs(), ctx.random),
  })
}

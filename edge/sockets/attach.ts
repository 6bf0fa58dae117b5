/**
 * Serves the sockets of an edge from rows. All sockets behave alike: upgrade, authenticate, open,
 * pass messages on. A row only adds who may connect and what its messages do.
 */
import type { TemplatedApp, WebSocketBehavior } from '../kernel/uws.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isUuid, uuidV7 } from '../../protocol/kernel/ids.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { addressGroup } from '../kernel/address.ts'
import { Admission } from './admission.ts'
import {
  admitHandshake,
  identify,
  upgrade,
  type SocketParts,
  type UpgradedData,
} from './handshake.ts'
import { Refusal, refusalOf } from '../kernel/refusal.ts'
import type { Entrance, Handshake, SocketRow } from '../kernel/socket.ts'
import { Session } from '../kernel/session.ts'
import { socketLimits } from '../kernel/limits.ts'

/**
 * Registers every row on the app, with and without a slash at the end. `ctx.hub.closeAll()` ends
 * the sockets.
 */
export function attachSockets(
  app: Pick<TemplatedApp, 'ws'>,
  rows: readonly SocketRow[],
  ctx: SocketParts,
): void {
  const admission = new Admission(ctx.config.handshakesPerSecond, ctx.nowMs)
  for (const row of rows) {
    app.ws(row.path, behavior(ctx, admission, row))
    app.ws(`${row.path}/`, behavior(ctx, admission, row))
  }
}

function behavior(
  ctx: SocketParts,
  admission: Admission,
  row: SocketRow,
): WebSocketBehavior<UpgradedData> {
  const { role } = row
  const parts = {
    log: ctx.log,
    metrics: ctx.metrics,
    nowMs: ctx.nowMs,
    rateLimited: !ctx.config.benchAllowed,
    flushSoon: (session: Session) => ctx.hub.flushSoon(session),
  }
  const seldom = new Seldom((line, error) => ctx.log.error({ err: error }, line), ctx.nowMs)
  const refused = new Seldom(
    (line, why) => ctx.log.info(typeof why === 'string' ? { code: why } : { err: why }, line),
    ctx.nowMs,
  )
  const failed = (where: string, error: unknown): void =>
    seldom.say(where, `${where} of a socket failed`, error)
  return {
    maxPayloadLength: socketLimits.payloadBytesMax,
    // The session closes at half of this bound with 4408; the close frame itself must still fit.
    maxBackpressure: 2 * socketLimits.backpressureBytesMax,
    closeOnBackpressureLimit: true,
    idleTimeout: socketLimits.idleTimeoutSeconds,
    sendPingsAutomatically: true,
    // DISABLED of uWebSockets: frames are too small to gain from compression, and a compressor for
    // each socket takes memory.
    compression: 0,
    upgrade(res, req, context) {
      try {
        upgrade(ctx, admission, res, req, context)
      } catch (error) {
        // uWebSockets has no caller that catches an error, and a request without an answer ends the
        // process.
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
      const ended = admission.begin()
      ctx.metrics.handshakesUnderWay.set(admission.underWay)
      admitHandshake(ctx, 'address', addressGroup(handshake.address))
        .then(() => row.open(session, entranceOf(ctx, handshake)))
        .then(
          opened => {
            session.identity = handshake.identity
            // Access may have ended after its check, when the socket had no identity yet.
            const closeCode = ctx.hub.closeIfEnded(session)
            noteConnection(ctx, row, session, handshake, closeCode ?? 101)
            session.open(opened.handler, opened.greeting)
          },
          (error: unknown) => {
            const refusal = refusalOf(error)
            // The client chooses how often this line is logged, so it is logged seldom; the audit
            // trail has every refusal. Only a defect of ours is logged with its stack.
            if (!(error instanceof Refusal)) {
              const why = error instanceof CaduceusError ? error.code : error
              refused.say(
                `${refusal.closeCode} ${error instanceof CaduceusError ? error.code : ''}`,
                `a socket of the role ${role} was refused with ${refusal.closeCode}`,
                why,
              )
            }
            noteConnection(ctx, row, session, handshake, refusal.closeCode)
            session.close(refusal.closeCode, refusal.message)
          },
        )
        .catch((error: unknown) => {
          failed('open', error)
          session.close(1011, 'the socket could not be opened')
        })
        .finally(() => {
          ended()
          ctx.metrics.handshakesUnderWay.set(admission.underWay)
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
    // The client reads on, so the queued messages go out.
    drain(ws) {
      const session = ws.getUserData().session!
      try {
        session.flush()
      } catch (error) {
        failed('drain', error)
      }
    },
    pong(ws, content) {
      try {
        ws.getUserData().session!.answered(content)
      } catch (error) {
        failed('pong', error)
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

/**
 * Notes the connection, because it shows a person's records while it lasts. Messages on it are
 * commands, which the journal keeps.
 */
function noteConnection(
  ctx: SocketParts,
  { role, targetKind = `${role}s` }: SocketRow,
  session: Session,
  { parameter, identity, address, userAgent }: Handshake,
  status: number,
): void {
  const target = isUuid(parameter) ? parameter : session.targetId
  ctx.audit.note({
    actorRole: identity?.role ?? 'anonymous',
    actorId: identity?.userId ?? null,
    operation: `socket.${role}`,
    targetKind,
    targetId: target,
    address,
    userAgent,
    status,
    code: null,
    requestId: uuidV7(ctx.nowMs(), ctx.random),
  })
}

const entranceOf = (ctx: SocketParts, handshake: Handshake): Entrance => ({
  parameter: handshake.parameter,
  address: handshake.address,
  origin: handshake.origin,
  identify: least => identify(ctx, handshake, least),
})

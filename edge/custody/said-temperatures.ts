/** Readings of thermometers as a driver's app says them on its socket. */
import type { MessageNamed } from '../../protocol/dispatch/messages.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { CommandsInFlight } from '../kernel/messages.ts'
import type { Session } from '../kernel/session.ts'
import type { OrderContext } from '../orders/terms.ts'
import { openExcursion, takeReadings } from './readings.ts'

/** The action of one socket. A repeated message stores nothing twice. */
export const takesTemperatures =
  (ctx: OrderContext, session: Session, identity: Identity, inFlight: CommandsInFlight) =>
  (message: MessageNamed<'temperatures'>): void => {
    const answer = {
      type: 'temperatures_result' as const,
      order_id: message.order_id,
      ...(message.id !== undefined && { id: message.id }),
    }
    inFlight.start(
      session,
      async () => {
        const { order, stored } = await takeReadings(
          ctx,
          { identity, principal: principalOf(identity) },
          message.order_id,
          {
            device: message.device,
            calibratedOn: message.calibrated_on,
            source: 'socket',
            fileSha256: null,
            readings: message.readings.map(({ at, celsius }) => ({
              atMs: Date.parse(at),
              celsius,
            })),
          },
        )
        const open = openExcursion(order)
        return { ...answer, outcome: 'stored', stored, ...(open !== null && { open_break: open }) }
      },
      ({ code, message: words, fields }) => ({
        ...answer,
        outcome: 'error',
        code,
        message: words,
        ...(fields !== undefined && { fields }),
      }),
    )
  }

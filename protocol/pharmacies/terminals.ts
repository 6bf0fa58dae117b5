/**
 * The message with which an edge asks engines for the open requests of terminals that have
 * connected.
 */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'

/**
 * From an edge on `terminals`: these pharmacies' terminals want every open request they are
 * eligible for.
 */
export const TerminalsMessage = Type.Object({ vendor_ids: Type.Array(Uuid) })
export type TerminalsMessage = Type.Static<typeof TerminalsMessage>

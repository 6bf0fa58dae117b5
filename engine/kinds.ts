/** The list of the kinds of actor. A new kind is one line here and its own folder. */
import { conversationKind } from './conversations/kind.ts'
import { calendarKind } from './appointments/kind.ts'
import { driverKind } from './drivers/kind.ts'
import { orderKind } from './orders/kind.ts'
import type { AnyKind } from './actors/kind.ts'

export const kinds: readonly AnyKind[] = [orderKind, driverKind, calendarKind, conversationKind]

/** The kinds of actor that there are. A new kind is one line here and a folder of its own. */
import { driverKind } from './drivers/kind.ts'
import { orderKind } from './orders/kind.ts'
import type { AnyKind } from './actors/kind.ts'

export const kinds: readonly AnyKind[] = [orderKind, driverKind]

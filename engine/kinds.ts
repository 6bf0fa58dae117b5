/** The kinds of actor that there are. A new kind is one line here and a folder of its own. */
import { driverKind } from './driver/kind.ts'
import { orderKind } from './order/kind.ts'
import type { AnyKind } from './runtime/kind.ts'

export const kinds: readonly AnyKind[] = [orderKind, driverKind]

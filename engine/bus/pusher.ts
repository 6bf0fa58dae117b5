/**
 * Sends pushes to edges. All pushes of one turn of the event loop leave together, in as few bus
 * messages as their bytes allow. Pushes are soft: while the bus is down they are dropped and
 * counted, and terminals and trackers resynchronise.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import { guarded } from '../../protocol/kernel/seldom.ts'
import { subjects } from '../../protocol/bus/subjects.ts'

export class Pusher {
  dropped = 0
  readonly #bus: Bus
  readonly #flushSafely: () => void
  #waiting: Push[] = []

  /**
   * `failed`: pushes could not be made into messages. A microtask has no caller, so nobody else
   * would learn of it.
   */
  constructor(bus: Bus, failed: (error: unknown) => void) {
    this.#bus = bus
    this.#flushSafely = guarded(() => this.#flush(), failed)
  }

  add(push: Push): void {
    this.#waiting.push(push)
    // A microtask and not a timer: the commits of one journal group settle together, and so their
    // pushes leave together.
    if (this.#waiting.length === 1) queueMicrotask(this.#flushSafely)
  }

  #flush(): void {
    const all = this.#waiting
    this.#waiting = []
    this.dropped += publishList(this.#bus, subjects.pushAll, all, part => part, roughBytes)
  }
}

/**
 * Sizes when packed, bytes, rounded up: an id with a distance, an item of a request without its
 * name, the rest of a push.
 */
const recipientBytes = 48
const itemBytes = 48
const messageBytes = 400

function roughBytes(push: Push): number {
  if (push.kind === 'topic') return messageBytes
  if (push.kind === 'topics')
    return messageBytes + push.topics.length * recipientBytes + wordsBytesOf(push.message)
  const words =
    push.kind === 'new_request'
      ? push.body.items.length * itemBytes + (push.body.notes?.length ?? 0)
      : 0
  return messageBytes + words + push.vendor_ids.length * recipientBytes
}

/** A message in a conversation has up to conversationLimits.textCharactersMax characters. */
const wordsBytesOf = (message: SocketMessage): number =>
  message.type === 'conversation_entry' ? 3 * (message.entry.text?.length ?? 0) : 0

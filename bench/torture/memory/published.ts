/**
 * The events that other services receive: the whole stream, read by a new consumer from its first
 * event.
 */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { decodeBody } from '../../../protocol/bus/codec.ts'
import type { PublishedEvent } from '../../../protocol/dispatch/events.ts'
import { eventStream, subjects } from '../../../protocol/bus/subjects.ts'

export interface Published {
  /** Per slot, the sequence numbers in the order of arrival, without repeats. */
  bySlot: Map<number, number[]>
  ids: Map<string, PublishedEvent>
  repeats: number
}

/** Reads the stream from its beginning to its present end. */
export async function readPublished(url: string): Promise<Published> {
  const connection = await connect({ servers: new URL(url).host })
  try {
    const manager = await jetstreamManager(connection)
    const published: Published = { bySlot: new Map(), ids: new Map(), repeats: 0 }
    const name = `torture-${Date.now()}`
    // The stream also has the older names of some events.
    const { num_pending: count } = await manager.consumers.add(eventStream.name, {
      name,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      filter_subject: subjects.eventFilter,
    })
    const consumer = await jetstream(connection).consumers.get(eventStream.name, name)
    for (let left = count; left > 0;) {
      const batch = await consumer.fetch({ max_messages: Math.min(left, 500), expires: 5_000 })
      let got = 0
      for await (const message of batch) {
        got++
        const event = decodeBody(message.data) as PublishedEvent
        if (published.ids.has(event.id)) {
          published.repeats++
          continue
        }
        published.ids.set(event.id, event)
        const seqs = published.bySlot.get(event.slot)
        if (seqs === undefined) published.bySlot.set(event.slot, [event.seq])
        else seqs.push(event.seq)
      }
      if (got === 0)
        throw new Error(`the stream says it has ${count} events and gave ${count - left}`)
      left -= got
    }
    return published
  } finally {
    await connection.close()
  }
}

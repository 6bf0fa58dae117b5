/**
 * The JetStream stream from which other services replay events. It is a convenience: the journal
 * holds the truth, the outbox publishes each event with its id, and the stream drops repeats by it.
 * So everything here is best effort, and a server without JetStream serves just as well.
 */
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { eventStream, subjects } from '../subjects.ts'
import { logToStderr, type Log } from './checks.ts'
import { connectNats } from './nats.ts'

export interface EventStreamOptions {
  onLog?: Log
  /** Oldest events go first beyond this; the server refuses more than its own store allows. */
  bytesMax?: number
}

const ageMsMax = 7 * 24 * 60 * 60 * 1_000
const bytesMaxDefault = 1024 * 1024 * 1024
/** Longer than an engine needs to take over a slot and publish its last events again. */
const duplicateWindowMs = 2 * 60 * 1_000

/**
 * Makes the stream when the server has JetStream and no such stream. One that is there stays as it
 * is: its operator may have tuned it. Rejects only when the server cannot be reached at all.
 */
export async function ensureEventStream(url: string, options: EventStreamOptions = {}): Promise<'created' | 'present' | 'absent'> {
  const log = options.onLog ?? logToStderr
  const connection = await connectNats(url, { name: 'caduceus-stream' })
  try {
    const manager = await jetstreamManager(connection, { checkAPI: true })
    const names = new Set<string>()
    for await (const name of manager.streams.names(subjects.eventFilter)) names.add(name)
    if (names.has(eventStream)) return 'present'
    await manager.streams.add({
      name: eventStream,
      subjects: [subjects.eventFilter],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(ageMsMax),
      max_bytes: options.bytesMax ?? bytesMaxDefault,
      duplicate_window: nanos(duplicateWindowMs),
    })
    return 'created'
  } catch (cause) {
    log(`bus: no event stream: ${cause instanceof Error ? cause.message : String(cause)}`)
    return 'absent'
  } finally {
    await connection.close()
  }
}

/**
 * The JetStream stream from which other services replay events. It is a convenience: the journal
 * holds the truth, the outbox publishes each event with its id, and the stream drops repeats by
 * that id. So this file does its best and never fails, and a server without JetStream serves just
 * as well.
 */
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { nanos, type NatsConnection } from '@nats-io/transport-node'
import type { EventStream } from './subjects.ts'
import { logToStderr, type Log } from './checks.ts'
import { connectNats } from './connect.ts'

export interface EventStreamOptions {
  onLog?: Log
  /**
   * Size beyond which the oldest events are dropped. The server refuses more than its own store
   * allows.
   */
  bytesMax?: number
}

const ageMsMax = 7 * 24 * 60 * 60 * 1_000
const bytesMaxDefault = 1024 * 1024 * 1024
/** Longer than an engine needs to take over a slot and to publish its last events again. */
const duplicateWindowMs = 2 * 60 * 1_000
/** The server's number of this error. */
const streamNotFound = 10059

/**
 * Creates the stream when the server has JetStream and no such stream. An existing stream keeps the
 * settings of its operator; missing subjects are added. Rejects only when the server cannot be
 * reached.
 */
export async function ensureEventStream(
  url: string,
  stream: EventStream,
  options: EventStreamOptions = {},
): Promise<'created' | 'present' | 'absent'> {
  const connection = await connectNats(url, { name: 'caduceus-stream' })
  try {
    return await ensureEventStreamOn(connection, stream, options)
  } finally {
    await connection.close()
  }
}

/** The same over an existing connection. Never rejects. */
export async function ensureEventStreamOn(
  connection: NatsConnection,
  { name, filters }: EventStream,
  options: EventStreamOptions = {},
): Promise<'created' | 'present' | 'absent'> {
  const log = options.onLog ?? logToStderr
  try {
    const { streams } = await jetstreamManager(connection, { checkAPI: true })
    const config = await streams.info(name).then(
      ({ config }) => config,
      (cause: unknown) => {
        if (cause instanceof JetStreamApiError && cause.code === streamNotFound) return null
        throw cause
      },
    )
    if (config === null) {
      await streams.add({
        name,
        subjects: [...filters],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
        max_age: nanos(ageMsMax),
        max_bytes: options.bytesMax ?? bytesMaxDefault,
        duplicate_window: nanos(duplicateWindowMs),
      })
      return 'created'
    }
    const missing = filters.filter(filter => !config.subjects.includes(filter))
    if (missing.length > 0)
      await streams.update(name, { ...config, subjects: [...config.subjects, ...missing] })
    return 'present'
  } catch (cause) {
    log(`bus: no event stream: ${cause instanceof Error ? cause.message : String(cause)}`)
    return 'absent'
  }
}

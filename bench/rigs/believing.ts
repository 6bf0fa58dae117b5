/**
 * The river with nothing in its way: frames are read, the driver found, the pin moved and the index kept,
 * and no frame is judged and no order followed. What the policies cost is what the real one takes more.
 * Put in place of `Tracking.ingest` by the bench's own server process; the product has no such switch,
 * because nobody should run it so.
 */
import { Tracking } from '../../engine/tracking/tracking.ts'
import { LocationBatchReader } from '../../protocol/river/location-batch.ts'

/** Turns the policies of that engine off and on again. */
export function switchPolicies(tracking: Tracking): (on: boolean) => void {
  const reader = new LocationBatchReader()
  const { table, frames } = tracking
  const believe = (body: Uint8Array): void => {
    let number = -1
    let believed = 0
    reader.open(body, Date.now())
    while (reader.next()) {
      if (!reader.sameDriver)
        number = table.numberOf(reader.id0, reader.id1, reader.id2, reader.id3)
      if (number < 0) continue
      table.place(
        number,
        reader.latitude,
        reader.longitude,
        reader.timestampMs,
        reader.headingDeg,
        reader.speedMps,
      )
      believed++
    }
    frames.accepted += believed
  }
  return on => {
    tracking.ingest = on ? Tracking.prototype.ingest : believe
  }
}

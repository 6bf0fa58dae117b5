/**
 * Takes location frames without policies: they are read, the driver is found, the live position and
 * the index are updated, but no frame is judged and no order is followed. The difference to
 * `Tracking.ingest` is the cost of the policies. The bench's own server process puts this in its
 * place. The product has no such switch, because nobody should run without policies.
 */
import { Tracking } from '../../engine/tracking/tracking.ts'
import { LocationBatchReader } from '../../protocol/river/location-batch.ts'

/** Switches the policies of that engine off and on. */
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

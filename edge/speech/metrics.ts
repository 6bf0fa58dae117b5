/** Counts recordings, and measures how long the service takes. */
import { Counter, Histogram, type Registry } from 'prom-client'

export const speechMetrics = (registry: Registry) => ({
  recordings: new Counter({
    name: 'caduceus_speech_recordings_total',
    help: 'Recordings that were turned into text, by outcome: text, silence, failed, refused',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  speechSeconds: new Histogram({
    name: 'caduceus_speech_seconds',
    help: 'Time until the service has answered, with the wait for other recordings',
    buckets: [0.25, 0.5, 1, 2.5, 5, 10, 20, 30],
    registers: [registry],
  }),
})
export type SpeechMetrics = ReturnType<typeof speechMetrics>

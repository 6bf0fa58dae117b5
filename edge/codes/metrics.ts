/** Counts the pictures that are read, and measures how long each takes. */
import { Counter, Histogram, type Registry } from 'prom-client'

export const codeMetrics = (registry: Registry) => ({
  picturesRead: new Counter({
    name: 'caduceus_pictures_read_total',
    help: 'Pictures that were read for codes: with codes, without, refused',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  pictureSeconds: new Histogram({
    name: 'caduceus_picture_read_seconds',
    help: 'Time to read the codes of a picture, with the wait for other pictures',
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  }),
})
export type CodeMetrics = ReturnType<typeof codeMetrics>

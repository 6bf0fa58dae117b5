/**
 * The child process of `startEmbeddedServer`: The same server as `npm start`, which reports its
 * address, answers questions about its counters over the process channel (HTTP would wait behind
 * the load), and ends with its parent.
 */
import { startEmbedded } from '../../edge/embedded.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { switchPolicies } from './believing.ts'
import { populate, type PopulationPlan } from './population.ts'

let stopping = false
const end = (stop: () => Promise<void>): void => {
  if (stopping) return
  stopping = true
  stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
}
// The terminal signals the whole group, but the parent decides when to stop.
process.on('SIGINT', () => undefined)
const embedded = await startEmbedded(process.env)
process.on('SIGTERM', () => end(() => embedded.stop()))
process.on('disconnect', () => end(() => embedded.stop()))
const policies = switchPolicies(embedded.engine.tracking)
process.on(
  'message',
  (message: 'counters' | { populate: PopulationPlan } | { policies: boolean }) => {
    if (message === 'counters')
      process.send?.({ counters: { ...embedded.engine.tracking.frames }, atMs: performance.now() })
    else if ('policies' in message) {
      policies(message.policies)
      process.send?.({})
    } else {
      const { database, bus, nowMs, random } = embedded.edge.parts
      populate(
        {
          database,
          bus,
          nowMs,
          random,
          after: realEnv().after,
          jwtSecret: process.env['JWT_SECRET_KEY']!,
        },
        message.populate,
      ).then(
        population => process.send?.({ population }),
        (error: unknown) => process.send?.({ failure: String(error) }),
      )
    }
  },
)
process.send?.({ url: embedded.url })

/**
 * Starts one engine as its own process: `npm run engine`, with NATS_URL, REDIS_URL and
 * DATABASE_URL.
 */
import { limits } from '../protocol/kernel/limits.ts'
import { runProcess } from '../protocol/kernel/process.ts'

const help = `Usage: npm run engine

An engine of Caduceus: the actors, their journal and the matching.
Start as many as you like; they share the orders among themselves.
It needs NATS_URL, REDIS_URL and DATABASE_URL.

SERVICE_PHARMACIES  for which pharmacies other services on the bus act, "name=id,id other=*" (default: none)
CURRENCY            of the fees of new orders, by its ISO 4217 code; all engines and edges must say the same (default USD)
SLOT_LEASE_MS       how long a silent engine keeps its orders before others take them (default ${limits.slotLeaseMsDefault})

edge/README.md has the table of all variables. SIGTERM hands over and ends.
Exit: 0 ended, 1 a service cannot be reached, 2 wrong usage, 70 a defect, 78 a wrong setting.`

await runProcess({ name: 'engine', help }, limits.drainTimeoutMs + 5_000, async environment => {
  const { startEngineAlone } = await import('./alone.ts')
  return startEngineAlone(environment)
})

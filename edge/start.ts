/**
 * The process of `npm start`: everything in one. `embedded.ts` is imported only when it is needed,
 * so that `--help` and a typing mistake are answered at once.
 */
import { limits } from '../protocol/kernel/limits.ts'
import { runProcess } from '../protocol/kernel/process.ts'

const help = `Usage: npm start

Caduceus in one process, at http://localhost:8000, with its database in ./data.

PORT, HOST, DATA_DIR              where it listens, and where it keeps its data
TLS_CERT, TLS_KEY                 PEM files: it speaks HTTPS itself
NATS_URL, REDIS_URL, DATABASE_URL each replaces one embedded part
REGISTRATION=approval             pharmacies and drivers work after a decision

edge/README.md has the table of all variables. SIGTERM or Ctrl-C drains and ends.
Exit: 0 ended, 1 a service cannot be reached, 2 wrong usage, 70 a defect, 78 a wrong setting.`

await runProcess({ name: 'caduceus', help }, limits.drainTimeoutMs + 5_000, async environment => {
  const startedMs = performance.now()
  const { startEmbedded } = await import('./embedded.ts')
  const embedded = await startEmbedded(environment)
  if (embedded.edge.parts.config.registration === 'open')
    process.stdout.write(
      'REGISTRATION=open: anybody who registers is a pharmacy or a driver at once. For real patients set REGISTRATION=approval.\n',
    )
  process.stdout.write(
    `Caduceus is at ${embedded.url} (ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s). API: ${embedded.url}/docs\n`,
  )
  return embedded
})

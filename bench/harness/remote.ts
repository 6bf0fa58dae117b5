/**
 * A deployment elsewhere as the server under test. It must declare that it may be loaded
 * (`BENCH_ALLOWED=1` on its edges, which `/api/health` repeats). A load test against a host that
 * serves people is an attack, and a mistyped address must not become one.
 */
import { UsageError } from './options.ts'
import type { Counters, Server } from '../rigs/server.ts'

const healthTimeoutMs = 10_000

interface Health {
  bench_allowed?: boolean
  status?: string
  engine?: { frames: Record<string, number> } | null
}

/**
 * Takes ws, wss, http and https. Throws UsageError when the host does not allow it or does not run
 * Caduceus.
 */
export async function remoteServer(address: string): Promise<Server> {
  if (!URL.canParse(address) || !/^(ws|http)s?:$/.test(new URL(address).protocol))
    throw new UsageError(`--url: "${address}" is not an address such as wss://dispatch.example`)
  const parsed = new URL(address)
  const url = `${parsed.protocol.replace(/^ws/, 'http')}//${parsed.host}`
  const health = async (): Promise<Health> => {
    const answer = await fetch(`${url}/api/health`, {
      signal: AbortSignal.timeout(healthTimeoutMs),
    })
    return (await answer.json()) as Health
  }
  let first: Health
  try {
    first = await health()
  } catch (error) {
    const { message, cause } = error as Error
    throw new UsageError(
      `--url: ${url}/api/health does not answer as a Caduceus edge does (${cause instanceof Error ? cause.message : message})`,
    )
  }
  if (first.bench_allowed !== true)
    throw new UsageError(
      `--url: ${parsed.host} does not say that it allows load tests; only its operator can, with BENCH_ALLOWED=1 on every edge`,
    )
  return {
    url,
    kind: parsed.host,
    pids: [],
    async counters(): Promise<Counters> {
      return { counters: (await health()).engine?.frames ?? {}, atMs: performance.now() }
    },
    populate: () => Promise.reject(new Error('a deployment elsewhere is populated over HTTP')),
    stop: () => Promise.resolve(),
  }
}

/**
 * Two engines and two edges with their own NATS, Redis and PostgreSQL, for tests that break parts
 * of them.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServices, type Service } from './services.ts'
import { freePort } from './free-port.ts'
import { Member, type MemberOptions, type Role, type ServerName } from './member.ts'

export interface Deployment {
  servers: Record<ServerName, Service>
  members: readonly Member[]
  engines: readonly Member[]
  edges: readonly Member[]
  /** The secret with which its edges sign tokens. */
  jwtSecret: string
  /** URLs of the edges, in order. A restarted edge keeps its URL. */
  urls: readonly string[]
  untilHealthy(timeoutMs?: number): Promise<void>
  stop(): Promise<void>
}

const healthyTimeoutMs = 90_000
const secret = 'only for torture on the loopback interface'
const lifetime = ['AUTH', 'WRITE', 'READ', 'UPLOAD', 'PUBLIC', 'REGISTRATION'].map(of => [
  `RATE_LIMIT_${of}_PER_ADDRESS`,
  '1000000',
])

export interface DeploymentOptions {
  /** Folder for the output of the processes, one file each. */
  logsDir?: string
  /** Variables for all processes. They override the usual ones. */
  environment?: Readonly<Record<string, string>>
}

/** Resolves when both edges are healthy. Throws when a server's binary is missing. */
export async function startDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const services = await startServices()
    stops.push(() => services.stop())
    const { nats, redis, postgres } = services
    const servers = { nats, redis, postgres }
    const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-torture-'))
    stops.unshift(async () => rmSync(dataDir, { recursive: true, force: true }))
    if (options.logsDir !== undefined) mkdirSync(options.logsDir, { recursive: true })
    const member = async (
      role: Role,
      index: number,
      more: NodeJS.ProcessEnv = {},
    ): Promise<Member> => {
      const name = `${role}-${index + 1}`
      const memberOptions: MemberOptions = {
        name,
        role,
        servers: { nats: nats.url, redis: redis.url, postgres: postgres.url },
        environment: {
          PATH: process.env['PATH'],
          LOG_LEVEL: 'warn',
          JWT_SECRET_KEY: secret,
          JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
          REGISTRATION: 'open',
          DATA_DIR: dataDir,
          ...Object.fromEntries(lifetime),
          ...options.environment,
          ...more,
        },
        ...(options.logsDir !== undefined && { logFile: join(options.logsDir, `${name}.log`) }),
      }
      const one = await Member.prepare(memberOptions)
      stops.push(() => one.close())
      return one
    }
    const ports = [await freePort(), await freePort()]
    const engines = await Promise.all([0, 1].map(index => member('engine', index)))
    const edges = await Promise.all(
      ports.map((port, index) => member('edge', index, { HOST: '127.0.0.1', PORT: String(port) })),
    )
    const urls = ports.map(port => `http://127.0.0.1:${port}`)
    const members = [...engines, ...edges]
    const untilHealthy = async (timeoutMs = healthyTimeoutMs): Promise<void> => {
      const giveUpMs = performance.now() + timeoutMs
      for (const url of urls)
        for (let state = await healthOf(url); state !== null; state = await healthOf(url)) {
          if (performance.now() >= giveUpMs)
            throw new Error(
              `${url} is not healthy after ${timeoutMs} ms (${state}):\n${members.map(one => `${one.name}: ${one.output.slice(-1_000)}`).join('\n')}`,
            )
          await new Promise<void>(resolve => {
            setTimeout(resolve, 100)
          })
        }
    }
    for (const one of members) one.up()
    await untilHealthy()
    return { servers, members, jwtSecret: secret, engines, edges, urls, untilHealthy, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Null when the edge is healthy, else its own description of the problem. */
async function healthOf(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(3_000) })
    const body = (await answer.json()) as { status?: string; dependencies?: unknown }
    return body.status === 'healthy' ? null : JSON.stringify(body.dependencies ?? body)
  } catch (error) {
    return String(error)
  }
}

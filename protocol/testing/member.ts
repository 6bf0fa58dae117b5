/**
 * An engine or an edge that a test kills, pauses and starts again. It reaches each server through
 * its own fault proxy, so that the test can cut off this process alone.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dyingWithUs } from './services.ts'
import { FaultProxy } from './proxy/proxy.ts'
import type { Weather } from './proxy/weather.ts'

export const serverNames = ['nats', 'redis', 'postgres'] as const
export type ServerName = (typeof serverNames)[number]
export type Role = 'engine' | 'edge'
type Urls = Record<ServerName, string>

const outputCharactersMax = 8_000
const stopTimeoutMs = 20_000
/** Pause before a process that ended by itself is started again, ms, as a supervisor does. */
const startAgainMs = 500
const couldNotStart = 1
const variables: Urls = { nats: 'NATS_URL', redis: 'REDIS_URL', postgres: 'DATABASE_URL' }

export interface MemberOptions {
  name: string
  role: Role
  environment: NodeJS.ProcessEnv
  servers: Urls
  /** The output of the process is also appended to this file. */
  logFile?: string
}

export class Member {
  readonly name: string
  readonly role: Role
  readonly #options: MemberOptions
  readonly #proxies: Record<ServerName, FaultProxy>
  #child: ChildProcess | null = null
  #output = ''
  /** Ends of the process that the test did not ask for. A failed start is not one of them. */
  readonly unasked: string[] = []
  /** Number of lines of its log by pattern, over all its runs. */
  readonly #counts = new Map<RegExp, number>()
  #wanted = false

  private constructor(options: MemberOptions, proxies: Record<ServerName, FaultProxy>) {
    this.name = options.name
    this.role = options.role
    this.#options = options
    this.#proxies = proxies
  }

  /** Starts only the proxies. `up` starts the process. */
  static async prepare(options: MemberOptions): Promise<Member> {
    const entries = await Promise.all(
      serverNames.map(
        async name =>
          [name, await FaultProxy.start(Number(new URL(options.servers[name]).port))] as const,
      ),
    )
    return new Member(options, Object.fromEntries(entries) as Record<ServerName, FaultProxy>)
  }

  get output(): string {
    return this.#output
  }
  get running(): boolean {
    return this.#child !== null
  }
  /** The id of the running process; null when none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Number of connections to that server that it has begun, over all its runs. */
  attempts(server: ServerName): number {
    return this.#proxies[server].attempts
  }

  /** Counts the lines of its log that match. Call it before the process starts. */
  count(pattern: RegExp): () => number {
    this.#counts.set(pattern, 0)
    return () => this.#counts.get(pattern)!
  }

  up(): void {
    if (this.#child !== null) return
    const { environment, role, servers, logFile } = this.#options
    const urls = Object.fromEntries(
      serverNames.map(name => {
        const url = new URL(servers[name])
        url.port = String(this.#proxies[name].port)
        return [variables[name], url.href.replace(/\/$/, '')]
      }),
    )
    const [file, ...args] = dyingWithUs([
      process.execPath,
      fileURLToPath(new URL(`../../${role}/main.js`, import.meta.url)),
    ])
    // The process has its own group, so that Ctrl-C ends the test and not the processes that it
    // still has to check.
    const child = spawn(file, args, {
      env: { ...environment, ...urls },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    this.#wanted = true
    alive.add(child)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputCharactersMax)
        if (logFile !== undefined) appendFileSync(logFile, text)
        for (const [pattern, count] of this.#counts)
          this.#counts.set(
            pattern,
            count + text.split('\n').filter(line => pattern.test(line)).length,
          )
      })
    child.once('exit', (code, signal) => {
      alive.delete(child)
      if (this.#child !== child) return
      this.#child = null
      if (!this.#wanted) return
      if (code !== couldNotStart)
        this.unasked.push(
          `${this.name} ended by itself with ${code ?? signal}: ${this.#output.slice(-600)}`,
        )
      setTimeout(() => {
        if (this.#wanted) this.up()
      }, startAgainMs)
    })
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  /**
   * Ends the process: with SIGKILL at once, or with SIGTERM within 20 seconds. Resolves when it has
   * ended.
   */
  async down(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#wanted = false
    if (child === null) return
    const gone = new Promise<void>(resolve => {
      child.once('exit', () => resolve())
    })
    child.kill('SIGCONT')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await gone
    clearTimeout(timer)
  }

  weather(servers: readonly ServerName[], weather: Partial<Weather>): void {
    for (const name of servers) this.#proxies[name].set(weather)
  }

  cut(servers: readonly ServerName[]): void {
    for (const name of servers) this.#proxies[name].cut()
  }

  /** From now on its address of that server leads to another server. */
  redirect(server: ServerName, port: number): void {
    this.#proxies[server].retarget(port)
    this.#proxies[server].cut()
  }

  async close(): Promise<void> {
    await this.down('SIGTERM')
    await Promise.all(serverNames.map(name => this.#proxies[name].close()))
  }
}

const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

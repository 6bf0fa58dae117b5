/**
 * A micro suite as a bench: each round is a fresh process that measures every case in turn. Rounds
 * within one process are not independent, because the compiler's choices and the heap persist. A
 * rerun of the same code could then differ by more than all of its rounds; fresh processes vary as
 * reruns do. They also keep one suite's garbage out of the next one's numbers.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bench, Context, Measure } from '../harness/bench.ts'
import type { MicroSuite } from './suite.ts'

export interface MicroOrder {
  suite: string
  quick: boolean
  services: Record<string, string>
  profilePath: string | null
}
export interface MicroReport {
  cases: { measure: Measure; value: number }[]
}

const childTimeoutMs = 120_000

/** A suite as a bench. Each round runs in a process of its own. */
export function microBench(suite: MicroSuite): Bench {
  return {
    name: suite.name,
    group: 'micro',
    title: suite.title,
    rounds: { full: 4, quick: 4 },
    ...(suite.needs !== undefined && { needs: suite.needs }),
    async open(context) {
      const services: Record<string, string> = {}
      for (const name of suite.needs ?? []) services[name] = await context.service(name)
      for (const line of (await suite.leftOut?.({ url: name => services[name]! })) ?? [])
        context.say(line)
      return async round => {
        const profilePath =
          context.profileDir === null || round > 0
            ? null
            : `${context.profileDir}/${suite.name}.cpuprofile`
        const { cases } = await inChild(context, {
          suite: suite.name,
          quick: context.quick,
          services,
          profilePath,
        })
        for (const { measure, value } of cases) context.sample(measure, { value })
      }
    },
  }
}

function inChild(context: Context, order: MicroOrder): Promise<MicroReport> {
  return new Promise((resolve, reject) => {
    const child = fork(
      fileURLToPath(new URL('./child.js', import.meta.url)),
      [JSON.stringify(order)],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    )
    const end = (): void => {
      child.kill('SIGKILL')
    }
    const timer = setTimeout(end, childTimeoutMs)
    process.once('exit', end)
    context.signal.addEventListener('abort', end)
    let report: MicroReport | null = null
    child.once('message', message => {
      report = message as MicroReport
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', end)
      context.signal.removeEventListener('abort', end)
      if (code === 0 && report !== null) resolve(report)
      else reject(new Error(`the process of ${order.suite} ended with ${code ?? signal}`))
    })
  })
}

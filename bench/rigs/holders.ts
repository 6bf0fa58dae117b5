/**
 * Tens of thousands of sockets, held by other processes. One process may often open fewer (`ulimit
 * -n`), and reading their answers here would take time from the measurement. Rejected: worker
 * threads, which share the descriptors of their process.
 */
import { readFileSync } from 'node:fs'
import { askChild, startServerChild, type Closing, type ServerChild } from './child.ts'

export interface HeldSockets {
  url: string
  path: string
  count: number
  /**
   * The n-th token is for the n-th `socketsPerToken` sockets. Empty for a server that asks for
   * none.
   */
  tokens: readonly string[]
  socketsPerToken: number
}
export type HolderQuestion = ({ do: 'open' } & HeldSockets) | { do: 'look' } | { do: 'end' }
export type HolderAnswer = { closed: number } | { failure: string }

export interface Holders {
  /** Resolves when all are open and greeted. */
  open(sockets: HeldSockets): Promise<void>
  /** Number of sockets that the server has closed. */
  closed(): Promise<number>
  end(): Promise<void>
}

const socketsPerProcess = 10_000
/** Descriptors that a process needs besides its sockets. */
export const descriptorsReserve = 1_000

/** Starts enough processes for so many sockets. They end with the bench. */
export async function startHolders(context: Closing, count: number): Promise<Holders> {
  const each = Math.min(socketsPerProcess, descriptorsMax('self') - descriptorsReserve)
  const processes: ServerChild[] = []
  context.defer(() => Promise.all(processes.map(one => one.stop())))
  for (let held = 0; held < count; held += each)
    processes.push(await startServerChild(new URL('./holder-child.js', import.meta.url)))
  const ask = async (questionFor: (index: number) => HolderQuestion): Promise<number> => {
    const answers = await Promise.all(
      processes.map((one, index) => askChild<HolderAnswer>(one.child, questionFor(index))),
    )
    return answers.reduce((sum, answer) => {
      if ('failure' in answer) throw new Error(answer.failure)
      return sum + answer.closed
    }, 0)
  }
  return {
    async open(sockets) {
      // Each process gets whole tokens.
      const share = Math.floor(each / sockets.socketsPerToken) * sockets.socketsPerToken
      await ask(index => ({
        do: 'open',
        ...sockets,
        count: Math.max(0, Math.min(share, sockets.count - index * share)),
        tokens: sockets.tokens.slice(
          (index * share) / sockets.socketsPerToken,
          ((index + 1) * share) / sockets.socketsPerToken,
        ),
      }))
    },
    closed: () => ask(() => ({ do: 'look' })),
    async end() {
      await ask(() => ({ do: 'end' }))
    },
  }
}

/** Files and sockets that the process may open. Node has raised the limit to the hard limit. */
export function descriptorsMax(pid: number | 'self'): number {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))![1],
    )
  } catch {
    return 4_096
  }
}

/** A process that only holds sockets for `holders.ts`. */
import { inParallel } from './parallel.ts'
import { RawSocket } from './raw-socket.ts'
import type { HolderAnswer, HolderQuestion } from './holders.ts'

const opensAtOnce = 100
let sockets: RawSocket[] = []

async function answer(question: HolderQuestion): Promise<HolderAnswer> {
  switch (question.do) {
    case 'open': {
      const { url, path, count, tokens, socketsPerToken } = question
      await inParallel(Array.from({ length: count }), opensAtOnce, async (_, i) => {
        const token = tokens[Math.floor(i / socketsPerToken)]
        sockets.push(await RawSocket.open({ url, path, ...(token !== undefined && { token }) }))
      })
      return { closed: 0 }
    }
    case 'look':
      return { closed: sockets.filter(({ closedWith }) => closedWith !== null).length }
    case 'end': {
      for (const socket of sockets) socket.destroy()
      sockets = []
      return { closed: 0 }
    }
    default:
      return question
  }
}

process.on('message', (question: HolderQuestion) => {
  answer(question).then(
    told => process.send?.(told),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies HolderAnswer),
  )
})
// The terminal signals the whole group, but the parent decides when to stop.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
process.send?.({ url: '' })

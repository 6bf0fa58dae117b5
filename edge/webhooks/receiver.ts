/**
 * A webhook receiver for tests: a real HTTP server with the good and bad behaviour of receivers. It
 * verifies signatures by the text of the specification and not with our code.
 */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
  json: { id: string; type: string; order_id: string; order_seq: number; at: string; data: unknown }
  atMs: number
}
/** Answers a message, or leaves it without an answer. `nth` counts from 1. */
export type Behaviour = (response: ServerResponse, received: Received, nth: number) => void

export const answerOk: Behaviour = response => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end('thank you')
}
export const answerStatus =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  response => {
    response.writeHead(status, headers).end(`status ${status}`)
  }

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  behaviour: Behaviour
  /** Resolves when so many messages have come; rejects after a while. */
  until(count: number, timeoutMs?: number): Promise<Received[]>
  close(): Promise<void>
}

/** Starts a receiver on the loopback; with `port` 0 on any free port. */
export async function startReceiver(behaviour: Behaviour = answerOk, port = 0): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        body += chunk
      })
      .on('end', () => {
        const one = {
          path: request.url!,
          headers: request.headers,
          body,
          json: body.startsWith('{')
            ? (JSON.parse(body) as Received['json'])
            : ({} as Received['json']),
          atMs: Date.now(),
        }
        received.push(one)
        receiver.behaviour(response, one, received.length)
      })
  })
  await new Promise<void>(resolve => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const listening = (server.address() as AddressInfo).port
  const receiver: Receiver = {
    url: `http://127.0.0.1:${listening}/hook`,
    port: listening,
    received,
    behaviour,
    async until(count, timeoutMs = 60_000) {
      const untilMs = Date.now() + timeoutMs
      while (received.length < count) {
        if (Date.now() > untilMs)
          throw new Error(
            `${received.length} of ${count} messages came: ${received.map(r => `${r.json.type} ${r.json.order_seq}`).join(', ')}`,
          )
        await new Promise(resolve => {
          setTimeout(resolve, 5)
        })
      }
      return received.slice(0, count)
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
  return receiver
}

/** True when a receiver that follows the specification accepts this message. */
export function verifies(secret: string, { headers, body }: Received, nowMs = Date.now()): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    name => String(headers[name]),
  )
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > 300) return false
  const expected = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return signatures!.split(' ').includes(`v1,${expected}`)
}

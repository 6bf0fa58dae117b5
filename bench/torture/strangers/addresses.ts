/**
 * Addresses of the loopback interface, one for each person and each stranger. With one address,
 * bounds by address would count the attackers and the honest people together. Linux answers on all
 * of 127.0.0.0/8.
 */
import { Agent, request } from 'node:http'
import { WebSocket } from 'ws'
import type { WebSocketConstructor } from '../../../protocol/client/index.ts'

/** Null on Linux; other systems have only 127.0.0.1. */
export const addressesMissing: string | null =
  process.platform === 'linux' ? null : 'it needs all addresses of 127.0.0.0/8, which Linux has'

/** The address of an honest person. */
export const homeAddress = (index: number): string =>
  `127.10.${(index >> 8) & 255}.${1 + (index % 250)}`
/** The address of a stranger. */
export const strangeAddress = (index: number): string =>
  `127.66.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`

/**
 * A WebSocket class whose sockets come from that address. `refused` gets the status of an answer
 * that is not a WebSocket.
 */
export function socketsFrom(
  address: string,
  refused: (status: number) => void,
): WebSocketConstructor {
  return class extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { localAddress: address })
      this.on('unexpected-response', (_request, { statusCode = 0 }) => {
        refused(statusCode)
        if (this.listenerCount('unexpected-response') === 1) this.close()
      })
    }
  } as unknown as WebSocketConstructor
}

export interface Call {
  url: string
  method: string
  path: string
  token?: string
  body?: string | Buffer
  type?: string
  key?: string
}
/** Status 0: the connection ended without an answer. */
export interface Answer {
  status: number
  text: string
}

/** HTTP from one address, over connections that stay open. */
export class Caller {
  readonly #agent: Agent

  constructor(address: string) {
    this.#agent = new Agent({ keepAlive: true, localAddress: address })
  }

  /** Never rejects. After `timeoutMs` the connection is given up. */
  call(
    { url, method, path, token, body, type = 'application/json', key }: Call,
    timeoutMs = 60_000,
  ): Promise<Answer> {
    return new Promise(resolve => {
      const asked = request(
        url + path,
        {
          method,
          agent: this.#agent,
          timeout: timeoutMs,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(key !== undefined && { 'idempotency-key': key }),
            ...(body !== undefined && {
              'content-type': type,
              'content-length': Buffer.byteLength(body),
            }),
          },
        },
        response => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk)
          })
          response.on('end', () =>
            resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }),
          )
          response.on('error', () => resolve({ status: 0, text: '' }))
        },
      )
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => resolve({ status: 0, text: '' }))
      asked.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

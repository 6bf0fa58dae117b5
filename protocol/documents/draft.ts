/**
 * Builds the AsyncAPI document from messages, channels and operations, in the few forms that this
 * protocol has.
 */
import { type Json, refer } from './named.ts'

export const busType = 'application/msgpack'
const messageRef = (name: string): Json => ({ $ref: `#/components/messages/${name}` })

/**
 * The document under construction. Every `send` and `receive` is from the point of view of
 * Caduceus.
 */
export class Draft {
  readonly channels: Record<string, Json> = {}
  readonly operations: Record<string, Json> = {}
  readonly messages: Record<string, Json> = {}

  message(
    name: string,
    summary: string,
    payload: unknown,
    example: unknown,
    contentType = busType,
  ): this {
    this.messages[name] = {
      name,
      summary,
      contentType,
      payload: refer(payload),
      examples: [{ payload: example }],
    }
    return this
  }

  channel(
    name: string,
    address: string,
    description: string,
    messages: readonly string[],
    on: 'bus' | 'web',
    parameters: Readonly<Record<string, string>> = {},
  ): this {
    this.channels[name] = {
      address,
      description,
      servers: [{ $ref: `#/servers/${on}` }],
      messages: Object.fromEntries(messages.map(message => [message, messageRef(message)])),
      ...(Object.keys(parameters).length > 0 && {
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([key, description]) => [key, { description }]),
        ),
      }),
    }
    return this
  }

  operation(
    name: string,
    action: 'send' | 'receive',
    channel: string,
    messages: readonly string[],
    summary: string,
    more: Json = {},
  ): this {
    const within = (message: string): Json => ({
      $ref: `#/channels/${channel}/messages/${message}`,
    })
    this.operations[name] = {
      action,
      channel: { $ref: `#/channels/${channel}` },
      summary,
      messages: messages.map(within),
      ...more,
    }
    return this
  }

  /** One message on one subject. */
  subject(
    name: string,
    address: string,
    summary: string,
    message: string,
    action: 'send' | 'receive',
    parameters: Readonly<Record<string, string>> = {},
    more: Json = {},
  ): this {
    return this.channel(name, address, summary, [message], 'bus', parameters).operation(
      `${action}_${name}`,
      action,
      name,
      [message],
      summary,
      more,
    )
  }

  /** A request on a subject of the bus. The answer goes to the inbox that the request names. */
  request(
    name: string,
    address: string,
    summary: string,
    message: string,
    answer: string,
    parameters: Readonly<Record<string, string>> = {},
    more: Json = {},
  ): this {
    const replies = `${name}_reply`
    this.channels[replies] = {
      address: null,
      description: `The inbox of who asked on ${address}`,
      messages: { [answer]: messageRef(answer) },
    }
    return this.subject(name, address, summary, message, 'receive', parameters, {
      ...more,
      reply: {
        address: {
          location: '$message.header#/reply',
          description: 'The reply subject of the NATS message',
        },
        channel: { $ref: `#/channels/${replies}` },
        messages: [{ $ref: `#/channels/${replies}/messages/${answer}` }],
      },
    })
  }
}

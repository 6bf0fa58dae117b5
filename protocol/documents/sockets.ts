/** The WebSocket channels with their messages, in the AsyncAPI document. */
import { socketMessages } from '../dispatch/messages.ts'
import { channels, type Channel } from '../kernel/channels.ts'
import { commonMessages, type MessageDefinition } from '../kernel/messages.ts'
import { LocationFrames, AckFrame, frame } from './location-frames.ts'
import { busType, Draft } from './draft.ts'

/** A message of a channel that one feature of the edge brings. The protocol knows neither. */
export type OwnMessage = Omit<MessageDefinition, 'heardOn' | 'saidOn'> &
  Readonly<Record<'heardOn' | 'saidOn', readonly string[]>>
/**
 * The WebSocket channels and messages that one feature brings. Every channel also knows the common
 * messages.
 */
export interface OwnSockets {
  channels: Readonly<Record<string, Channel>>
  messages: Readonly<Record<string, OwnMessage>>
}

/** Adds the WebSocket channels. `added`: those that features of the edge bring. */
export function sockets(draft: Draft, added: OwnSockets): void {
  const json = 'application/json'
  for (const [name, { description, schema, example }] of Object.entries({
    ...socketMessages,
    ...added.messages,
  }))
    draft.message(`ws_${name}`, description, schema, example, json)
  draft
    .message(
      'ws_location_frames',
      'Locations as bytes: what an app that streams all day should send.',
      LocationFrames,
      [frame],
      busType,
    )
    .message(
      'ws_ack_frame',
      'The acknowledgement to who sends bytes, at most once a second.',
      AckFrame,
      ['ack', 118],
      busType,
    )
  const ofClient: Readonly<Record<string, string[]>> = { driver: ['ws_location_frames'] }
  const ofEdge: Readonly<Record<string, string[]>> = { driver: ['ws_ack_frame'] }
  const all = { ...socketMessages, ...added.messages }
  const common = Object.keys(commonMessages)
  for (const [name, { path, title, parameters }] of Object.entries({
    ...channels,
    ...added.channels,
  })) {
    const named = (on: 'saidOn' | 'heardOn'): string[] =>
      Object.entries<Pick<OwnMessage, 'saidOn' | 'heardOn'>>(all).flatMap(([message, row]) =>
        row[on].includes(name) || (row[on].length > 0 && common.includes(message)) ? [message] : [],
      )
    const said = named('saidOn')
    const heard = named('heardOn')
    const channel = `ws_${name}`
    const incoming = [...said.map(message => `ws_${message}`), ...(ofClient[name] ?? [])]
    const outgoing = [...heard.map(message => `ws_${message}`), ...(ofEdge[name] ?? [])]
    draft
      .channel(
        channel,
        path,
        `${title}. Authentication by \`?token=\`, a single-use \`?ticket=\`, or \`Sec-WebSocket-Protocol: bearer, <token>\`; close codes 4001 token, 4003 role, 4004 no record, 4400 malformed, 4408 slow, 4429 too many, 1001 going away.`,
        [...incoming, ...outgoing],
        'web',
        parameters,
      )
      .operation(
        `receive_${channel}`,
        'receive',
        channel,
        incoming,
        `${title}: what the client says`,
      )
      .operation(`send_${channel}`, 'send', channel, outgoing, `${title}: what the client hears`)
  }
}

/**
 * The AsyncAPI 3 document of NATS and the WebSockets. It is written from the tables and schemas of
 * protocol/, so that it is never out of date: a forgotten subject or event does not compile. It is
 * built by hand and not by a library, because it is a few nested records.
 */
import { eventStream } from '../bus/subjects.ts'
import { type Json, named, refer } from './named.ts'
import { busType, Draft } from './draft.ts'
import { commands, events } from './actors.ts'
import { river, internal } from './river.ts'
import { sockets, type OwnSockets } from './sockets.ts'

/** The whole document; `version` is that of the package. */
export function asyncApiDocument(
  version: string,
  added: OwnSockets = { messages: {}, channels: {} },
): Json {
  const draft = new Draft()
  commands(draft)
  events(draft)
  river(draft)
  internal(draft)
  sockets(draft, added)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Caduceus',
      version,
      description:
        'Real-time dispatch for medical delivery: the subjects on NATS and the WebSockets of the edge. Bodies on NATS are msgpack maps; a body that begins with `{` is read as JSON. ' +
        `Facts are published after commit, at least once, in the order of their slot, with \`id\` as message id, and kept in the JetStream stream ${eventStream.name} where JetStream is on.`,
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: busType,
    servers: {
      bus: {
        host: 'localhost:4222',
        protocol: 'nats',
        description:
          'For other services: protocol/bus/nats-server.conf limits each to its subjects',
      },
      web: { host: 'localhost:8000', protocol: 'ws', description: 'For apps and browsers' },
    },
    channels: draft.channels,
    operations: draft.operations,
    components: {
      messages: draft.messages,
      schemas: Object.fromEntries(
        Object.entries(named).map(([name, schema]) => [name, refer(schema, true)]),
      ),
    },
  }
}

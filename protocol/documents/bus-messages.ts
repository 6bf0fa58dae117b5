/**
 * Each message on the bus beside commands, events and locations: its meaning, its schema, an
 * example.
 */
import Type from 'typebox'
import { DirectoryPharmacy } from '../dispatch/directory.ts'
import { FiguresTold, FiguresWanted } from '../dispatch/process-figures.ts'
import { conversationMessages } from '../conversations/messages.ts'
import { notificationMessages } from '../notifications/messages.ts'
import { NotificationPush, PresencePush, PushList, topics } from '../dispatch/pushes.ts'
import { RosterMessage } from '../drivers/roster.ts'
import { at, ids } from '../kernel/examples.ts'
import { Text } from '../kernel/schema.ts'
import { TerminalsMessage } from '../pharmacies/terminals.ts'
import { InterestMessage } from '../tracking/interest.ts'
import { LocationPush, PositionAnswer, PositionQuery } from '../tracking/positions.ts'

/** `query.health`: the state of an engine. Numbers may be added. */
const HealthAnswer = Type.Object(
  { engine_id: Text, currency: Text, slots: Type.Integer(), actors: Type.Integer() },
  { additionalProperties: true },
)

const here = {
  latitude: 27.7145,
  longitude: 85.3271,
  heading: 180,
  speed: 8,
  at_ms: 1_790_000_000_000,
}
export const busMessages = {
  push_list: {
    description:
      'What sockets must hear, addressed by topic: to every edge, since any of them may have the socket.',
    schema: PushList,
    example: [
      {
        kind: 'topic',
        topic: topics.order(ids.order),
        message: { type: 'status', order_id: ids.order, status: 'picked_up', at },
      },
    ],
  },
  location_push: {
    description:
      'Where the drivers are whom the sockets of one edge watch: once a tick, only what moved.',
    schema: LocationPush,
    example: {
      orders: [{ order_id: ids.order, ...here, eta_minutes: 3, distance_km: 0.9 }],
      fleet: [{ vendor_id: ids.pharmacy, driver_id: ids.driver, status: 'busy', ...here }],
    },
  },
  interest: {
    description: 'What the sockets of an edge watch; to be renewed, or it lapses.',
    schema: InterestMessage,
    example: { edge_id: 'edge-1', full: true, order_ids: [ids.order], vendor_ids: [ids.pharmacy] },
  },
  terminals: {
    description: 'Terminals that (re)connected and want every open request they are eligible for.',
    schema: TerminalsMessage,
    example: { vendor_ids: [ids.pharmacy] },
  },
  directory_vendor: {
    description: 'A pharmacy was registered or changed.',
    schema: DirectoryPharmacy,
    example: {
      vendor_id: ids.pharmacy,
      name: 'City Pharmacy',
      phone: '+9779800000000',
      address: '1 Main St',
      latitude: 27.71,
      longitude: 85.33,
      status: 'active',
      is_active: true,
      revision: 3,
      proof_required: true,
      dispatch_policy: 'manual',
      time_zone: 'Asia/Kathmandu',
      opening_hours: null,
      tariff: null,
    },
  },
  roster_rows: {
    description: 'Drivers of one engine whose availability changed, or all of them when asked.',
    schema: RosterMessage,
    example: {
      engine_id: 'engine-1',
      rows: [
        {
          driverId: ids.driver,
          vendorId: ids.pharmacy,
          vehicleType: 'bike',
          status: 'available',
          canTakeMore: true,
        },
      ],
    },
  },
  roster_wanted: {
    description: 'An engine that starts asks the others for their rosters.',
    schema: Type.Object({}),
    example: {},
  },
  slots_changed: {
    description:
      'An engine joined, let go of slots or left: to every engine, look now. A hint without a body; it may be lost.',
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  webhook_nudge: {
    description:
      'Look now, something changed: to the edge that delivers webhooks. A hint without a body; it may be lost.',
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  access_ended: {
    description:
      "Somebody's access has ended: to every edge, look now. A hint without a body; it may be lost.",
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  presence: {
    description:
      'To every edge: somebody looks at a conversation or writes, for the sockets of the other sides. It may be lost.',
    schema: PresencePush,
    example: {
      topics: [topics.chat('customer', ids.customer)],
      message: conversationMessages.conversation_presence.example,
    },
  },
  notification_push: {
    description:
      'To every edge: numbers of unread notifications, for the sockets of these persons, and news that need not wake a device when a socket gets them. It may be lost.',
    schema: NotificationPush,
    example: [
      {
        topic: topics.customer(ids.customer),
        account_id: ids.customer,
        message: notificationMessages.notification.example,
        news: [ids.offer],
        ask: false,
      },
    ],
  },
  position_query: {
    description: 'Where is this driver, and how far from that point?',
    schema: PositionQuery,
    example: { driver_id: ids.driver, target: { latitude: 27.7172, longitude: 85.324 } },
  },
  position_answer: {
    description: 'The live position; nulls when nothing was heard of the driver.',
    schema: PositionAnswer,
    example: { position: here, distance_km: 0.9, eta_minutes: 3 },
  },
  figures_wanted: {
    description: 'Say how you are.',
    schema: FiguresWanted,
    example: { ask: '019a9d2e-8f4d-7f6e-ac43-6e4f5d708192' },
  },
  figures_told: {
    description: 'How a process is.',
    schema: FiguresTold,
    example: {
      ask: '019a9d2e-8f4d-7f6e-ac43-6e4f5d708192',
      process: {
        kind: 'engine',
        id: 'engine-1',
        uptime_seconds: 3_600,
        processor_seconds: 42.5,
        resident_bytes: 151_000_000,
        figures: { slots: 32, actors: 1_204 },
      },
    },
  },
  health_query: { description: 'Who is there?', schema: Type.Object({}), example: {} },
  health_answer: {
    description: 'What an engine says of itself.',
    schema: HealthAnswer,
    example: { engine_id: 'engine-1', currency: 'USD', slots: 32, actors: 1_204 },
  },
} as const

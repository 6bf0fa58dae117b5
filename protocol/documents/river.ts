/** Locations, and the messages between engines and edges, in the AsyncAPI document. */
import { ids } from '../kernel/examples.ts'
import { driverLocationsExample, DriverLocationsUpdated } from '../dispatch/older-topics.ts'
import { busMessages } from './bus-messages.ts'
import { subjects } from '../bus/subjects.ts'
import { LocationBatch, frame } from './location-frames.ts'
import { Draft } from './draft.ts'

/** Adds the locations. */
export function river(draft: Draft): void {
  draft
    .message('location_batch', 'Frames of several drivers.', LocationBatch, [[ids.driver, frame]])
    .subject(
      'location',
      subjects.location('{geohash3}'),
      'Locations as drivers sent them. Edges publish here, and other services may.',
      'location_batch',
      'receive',
      { geohash3: 'Region: a geohash of three characters' },
    )
    .message(
      'driver_location_updated',
      "The live positions of one engine's drivers that moved.",
      DriverLocationsUpdated,
      driverLocationsExample,
    )
    .subject(
      'driver_location_updated',
      subjects.driverLocations,
      'Live positions after the late-data policy, every few seconds. Core NATS only: in no stream.',
      'driver_location_updated',
      'send',
    )
}

/** Adds the messages between engines and edges. */
export function internal(draft: Draft): void {
  for (const [name, { description, schema, example }] of Object.entries(busMessages))
    draft.message(name, description, schema, example)
  const say = (
    name: string,
    address: string,
    message: keyof typeof busMessages,
    parameters: Record<string, string> = {},
  ) =>
    draft.subject(
      name,
      address,
      `${busMessages[message].description} Internal.`,
      message,
      'send',
      parameters,
    )
  say('push_all', subjects.pushAll, 'push_list')
  say('push_edge', subjects.pushEdge('{edge_id}'), 'location_push', { edge_id: 'Which edge' })
  say('interest', subjects.interest, 'interest')
  say('terminals', subjects.terminals, 'terminals')
  say('directory', subjects.directory, 'directory_vendor')
  say('roster', subjects.roster, 'roster_rows')
  say('roster_wanted', subjects.rosterWanted, 'roster_wanted')
  say('slots_changed', subjects.slotsChanged, 'slots_changed')
  say('webhook_nudge', subjects.webhookNudge, 'webhook_nudge')
  say('access_ended', subjects.accessEnded, 'access_ended')
  say('presence', subjects.presence, 'presence')
  say('notifications', subjects.notifications, 'notification_push')
  say('figures_wanted', subjects.figuresWanted, 'figures_wanted')
  say('figures_told', subjects.figuresTold, 'figures_told')
  draft
    .request(
      'query_position',
      subjects.queryPosition,
      busMessages.position_query.description,
      'position_query',
      'position_answer',
    )
    .request(
      'query_health',
      subjects.queryHealth,
      busMessages.health_query.description,
      'health_query',
      'health_answer',
    )
}

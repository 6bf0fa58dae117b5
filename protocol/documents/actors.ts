/** Commands to actors and the facts that they publish, in the AsyncAPI document. */
import { type TSchema } from 'typebox'
import { appointmentEvents } from '../dispatch/appointment-events.ts'
import { earnedEvent, paymentEvents } from '../dispatch/money-events.ts'
import { closedAppointmentVerbs } from '../dispatch/appointment-commands.ts'
import { commandRows, edgeVerbs, ServiceCommand } from '../dispatch/commands.ts'
import { driverEvents } from '../dispatch/driver-events.ts'
import { eventVersion, PublishedEvent } from '../dispatch/events.ts'
import { orderEvents } from '../dispatch/order-events.ts'
import { conversationEvents } from '../dispatch/conversation-events.ts'
import { exampleIds } from '../conversations/parts.ts'
import { ids } from '../kernel/examples.ts'
import { nullable } from '../kernel/schema.ts'
import { driverLocationsExample, olderTopics, OlderMessage } from '../dispatch/older-topics.ts'
import { AppointmentView } from '../appointments/view.ts'
import { DriverView } from '../drivers/view.ts'
import { OrderView } from '../orders/view.ts'
import { engineQueue, ofService, subjects } from '../bus/subjects.ts'
import { ProblemSchema } from './named.ts'
import { Draft } from './draft.ts'
import { slotCount } from '../kernel/slots.ts'

type Actor = keyof typeof commandRows
/** The id of each kind's actor in examples: an appointment's calendar is its service. */
const actorIds: Record<Actor, string> = {
  order: ids.order,
  driver: ids.driver,
  appointment: ids.service,
}

/** The same for facts, also of kinds whose commands are not public. */
const factIds = { ...actorIds, conversation: exampleIds.conversation, payment: ids.order }

const reply = (name: Actor, view: TSchema) => ({
  oneOf: [
    {
      type: 'object',
      required: ['ok', name],
      properties: {
        ok: { const: true },
        [name]: view,
        outcome: { type: 'object', description: 'What the view alone does not say' },
      },
    },
    {
      type: 'object',
      required: ['ok', 'problem'],
      properties: { ok: { const: false }, problem: ProblemSchema },
    },
  ],
})
const OrderReply = reply('order', OrderView)
const DriverReply = reply('driver', DriverView)
const AppointmentReply = reply('appointment', nullable(AppointmentView))

/** Adds the commands of orders, drivers and appointments with their answers. */
export function commands(draft: Draft): void {
  draft
    .message('order_reply', 'The order after the command, or why not.', OrderReply, {
      ok: false,
      problem: { code: 'order_not_found', detail: 'no such order' },
    })
    .message('driver_reply', 'The driver after the command, or why not.', DriverReply, {
      ok: false,
      problem: { code: 'driver_not_found', detail: 'no such driver' },
    })
    .message(
      'appointment_reply',
      'The appointment after the command, or why not.',
      AppointmentReply,
      { ok: false, problem: { code: 'appointment_not_found', detail: 'no such appointment' } },
    )
  const anyCommand = {
    ...ServiceCommand,
    properties: {
      ...ServiceCommand.properties,
      actor: { enum: Object.keys(commandRows) },
      verb: { type: 'string' },
    },
  }
  const example = (actor: Actor, data: unknown) => ({
    id: 'reorder-4711',
    actor_id: actorIds[actor],
    data,
  })
  for (const actor of Object.keys(commandRows) as Actor[])
    for (const [verb, { summary, data, example: given }] of Object.entries(commandRows[actor])) {
      if (edgeVerbs.has(verb)) continue
      if (actor === 'appointment' && closedAppointmentVerbs.has(verb)) continue
      const name = `command_${actor}_${verb}`
      draft
        .message(
          name,
          summary,
          { ...ServiceCommand, properties: { ...ServiceCommand.properties, data } },
          example(actor, given),
        )
        .request(
          name,
          subjects.command(actor, verb),
          summary,
          name,
          `${actor}_reply`,
          {},
          { bindings: { nats: { queue: engineQueue } } },
        )
    }
  draft
    .message('slot_command', 'Any command, on its way to the owner of the slot.', anyCommand, {
      ...example('order', {}),
      actor: 'order',
      verb: 'cancel',
      by: { role: 'customer', id: ids.customer },
    })
    .request(
      'command_of_service',
      subjects.commandOf('{actor}' as 'order', '{verb}', '{service}'),
      "A command with its sender's name, which the NATS server writes into the subject for a service with an account of its own.",
      'slot_command',
      'order_reply',
      {
        actor: 'order, driver or appointment',
        verb: 'As above',
        service: 'Who sends it, by its account',
      },
      { bindings: { nats: { queue: engineQueue } } },
    )
    .request(
      'slot_command',
      subjects.slotCommand('{slot}' as never),
      'Commands of edges, and between engines, to the owner of a slot. Internal.',
      'slot_command',
      'order_reply',
      { slot: `0 to ${slotCount - 1}` },
    )
}

/** Adds the events of every kind of actor, and the older names of events. */
export function events(draft: Draft): void {
  const actedBy = { role: 'driver', id: ids.driver }
  const rows = (
    actor: keyof typeof factIds,
    table: Readonly<Record<string, { description: string; data: TSchema; example: unknown }>>,
  ): void => {
    for (const [type, { description, data, example }] of Object.entries(table)) {
      const name = `event_${actor}_${type}`
      const payload = {
        ...PublishedEvent,
        properties: {
          ...PublishedEvent.properties,
          actor: { const: actor },
          type: { const: type },
          data,
        },
      }
      draft
        .message(name, description, payload, {
          id: '17.4711',
          slot: 17,
          seq: 4711,
          order_seq: 1,
          at: driverLocationsExample.at,
          actor,
          actor_id: factIds[actor],
          type,
          v: eventVersion,
          by: actedBy,
          data: example,
        })
        .subject(name, subjects.event(actor, type, `{${actor}_id}`), description, name, 'send', {
          [`${actor}_id`]: 'Whose event it is',
        })
    }
  }
  rows('order', orderEvents)
  rows('driver', driverEvents)
  rows('conversation', conversationEvents)
  rows('appointment', appointmentEvents)
  rows('payment', paymentEvents)
  rows('driver', { earned: earnedEvent })
  const { example } = orderEvents.order_accepted
  draft
    .message('event_of_service', 'Any fact.', PublishedEvent, {
      id: '17.4711',
      slot: 17,
      seq: 4711,
      order_seq: 1,
      at: driverLocationsExample.at,
      actor: 'order',
      actor_id: ids.order,
      type: 'order_accepted',
      v: eventVersion,
      by: actedBy,
      data: example,
    })
    .subject(
      'event_of_service',
      ofService('{service}', subjects.event('{actor}' as 'order', '{event}', '{id}')),
      'The facts of the pharmacies that a service acts for, and those of the older names alike. The NATS server gives them to the service under the subjects without `service` and its name.',
      'event_of_service',
      'send',
      {
        service: 'By its account',
        actor: 'order, driver, appointment, conversation or payment',
        event: 'What happened',
        id: 'Of the order, the driver, the appointment or the conversation; of a payment its order',
      },
    )
  for (const [topic, { description, data, example }] of Object.entries(olderTopics)) {
    const name = topic.replace('.', '_')
    const payload = {
      ...OlderMessage,
      properties: { ...OlderMessage.properties, type: { const: topic }, data },
    }
    draft
      .message(name, description, payload, {
        id: `17.4711.${topic}`,
        slot: 17,
        seq: 4711,
        order_seq: 1,
        at: driverLocationsExample.at,
        type: topic,
        data: example,
      })
      .subject(name, subjects.olderTopic(topic, '{order_id}'), description, name, 'send', {
        order_id: 'The trip',
      })
  }
}

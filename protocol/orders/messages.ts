/**
 * The WebSocket messages about orders and open requests. An engine pushes them when something
 * happens, and an edge sends the same ones to clients that connect later. Where both do, one
 * function here makes the message.
 */
import Type from 'typebox'
import { breakKinds, breakOutcomes } from '../custody/facts.ts'
import { at, ids } from '../kernel/examples.ts'
import type { GeoPoint } from '../river/geo.ts'
import { isoTime } from '../kernel/iso-time.ts'
import { Code, Echo, heard, MessageId, said, Words } from '../kernel/messages.ts'
import {
  Item,
  LatLng,
  Latitude,
  Longitude,
  nullable,
  oneOf,
  Text,
  Timestamp,
} from '../kernel/schema.ts'
import { limits } from '../kernel/limits.ts'
import { Uuid } from '../kernel/principal.ts'
import { acceptanceMoney } from './said-money.ts'
import { OrderView, StatusShown } from './view.ts'
import { requestExpired } from './texts.ts'
import { areaOf, initialsOf } from './area.ts'

const ResponseType = Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')])

/**
 * `new_request` without the distance. The distance differs by recipient, and the edge inserts it.
 */
export const NewRequestBody = Type.Object({
  request_id: Uuid,
  patient_name: Type.String({ description: 'Initials' }),
  patient_phone: Type.String({
    description: 'Empty: the pharmacy that wins reads it in the order',
  }),
  patient_location: Type.Object(
    { lat: Latitude, lng: Longitude },
    { description: 'To 0.01 degrees' },
  ),
  radius_km: Type.Number(),
  quantity: nullable(Type.Integer()),
  items: Type.Array(Item),
  notes: Type.Union([Text, Type.Null()], {
    description: 'Null: the pharmacy that wins reads them in the order',
  }),
  image_url: Type.Union([Text, Type.Null()], {
    description: 'The same as prescription_url, under its older name',
  }),
  prescription_url: nullable(Text),
  timestamp: Timestamp,
  expires_at: Timestamp,
})
export type NewRequestBody = Type.Static<typeof NewRequestBody>

export const orderMessages = {
  respond: said(
    ['terminal'],
    "A pharmacy's answer to a request; answered by `response_result`.",
    Type.Object(
      {
        type: Type.Literal('respond'),
        request_id: Uuid,
        response_type: ResponseType,
        text_message: Words,
        audio_url: Type.Optional(Type.String({ maxLength: limits.urlCharactersMax })),
        ...acceptanceMoney,
        id: MessageId,
      },
      { additionalProperties: false },
    ),
    {
      type: 'respond',
      request_id: ids.order,
      response_type: 'ACCEPTED',
      text_message: 'Available!',
      goods_amount: 12.5,
      tax_amount: 0.5,
      id: '7',
    },
  ),

  new_request: heard(
    ['terminal'],
    'A request nearby that anybody may still take.',
    Type.Object({
      type: Type.Literal('new_request'),
      ...NewRequestBody.properties,
      distance_km: Type.Number({ description: 'From the place that is told, to 100 m' }),
    }),
    {
      type: 'new_request',
      request_id: ids.order,
      patient_name: 'J. D.',
      patient_phone: '',
      patient_location: { lat: 27.72, lng: 85.32 },
      radius_km: 5,
      quantity: 10,
      items: [],
      notes: null,
      image_url: null,
      prescription_url: null,
      timestamp: at,
      expires_at: at,
      distance_km: 1,
    },
  ),

  request_ended: heard(
    ['terminal'],
    'A request that was shown can no longer be taken.',
    Type.Object({
      type: Type.Union([
        Type.Literal('request_taken'),
        Type.Literal('request_expired'),
        Type.Literal('request_cancelled'),
      ]),
      request_id: Uuid,
      message: Text,
    }),
    {
      type: 'request_taken',
      request_id: ids.order,
      message: 'This request has been accepted by another pharmacy',
    },
  ),

  new_order: heard(
    ['terminal', 'fleet'],
    'An order to this pharmacy alone.',
    Type.Object({
      type: Type.Literal('new_order'),
      order_id: Uuid,
      status: StatusShown,
      customer_name: Text,
      items: Type.Array(Item),
      notes: nullable(Text),
      distance_km: Type.Number(),
      timestamp: Timestamp,
    }),
    {
      type: 'new_order',
      order_id: ids.order,
      status: 'pending',
      customer_name: 'John Doe',
      items: [{ name: 'Aspirin', quantity: 2 }],
      notes: null,
      distance_km: 1.3,
      timestamp: at,
    },
  ),

  response_result: heard(
    ['terminal'],
    'What became of an answer to a request; `won` comes with the whole order.',
    Type.Object({
      type: Type.Literal('response_result'),
      request_id: Uuid,
      outcome: Type.Union([
        Type.Literal('won'),
        Type.Literal('recorded'),
        Type.Literal('lost'),
        Type.Literal('not_offered'),
        Type.Literal('expired'),
        Type.Literal('cancelled'),
        Type.Literal('error'),
      ]),
      id: Echo,
      code: Type.Optional(Code),
      message: Type.Optional(Text),
      order: Type.Optional(OrderView),
    }),
    { type: 'response_result', request_id: ids.order, outcome: 'won', id: '7' },
  ),

  driver_search_ended: heard(
    ['terminal', 'fleet'],
    'No driver took the order.',
    Type.Object({
      type: Type.Literal('driver_search_ended'),
      order_id: Uuid,
      outcome: Type.Literal('exhausted'),
      message: Text,
    }),
    {
      type: 'driver_search_ended',
      order_id: ids.order,
      outcome: 'exhausted',
      message: 'No driver took this order; assign one or search again',
    },
  ),

  pharmacy_response: heard(
    ['customer'],
    "A pharmacy's answer to the customer's request.",
    Type.Object({
      type: Type.Literal('pharmacy_response'),
      request_id: Uuid,
      order_id: Uuid,
      pharmacy_id: Uuid,
      pharmacy_name: Text,
      pharmacy_location: LatLng,
      response_type: ResponseType,
      text_message: nullable(Text),
      audio_url: nullable(Text),
      distance_km: Type.Number(),
      responded_at: Timestamp,
    }),
    {
      type: 'pharmacy_response',
      request_id: ids.order,
      order_id: ids.order,
      pharmacy_id: ids.pharmacy,
      pharmacy_name: 'City Pharmacy',
      pharmacy_location: { lat: 27.71, lng: 85.33 },
      response_type: 'ACCEPTED',
      text_message: 'Available!',
      audio_url: null,
      distance_km: 0.98,
      responded_at: at,
    },
  ),

  request_over: heard(
    ['customer'],
    "Nobody took the customer's request.",
    Type.Object({
      type: Type.Literal('request_expired'),
      request_id: Uuid,
      reason: Text,
      message: Text,
    }),
    {
      type: 'request_expired',
      request_id: ids.order,
      reason: 'deadline',
      message: 'No pharmacy accepted in time',
    },
  ),

  status: heard(
    ['terminal', 'customer', 'fleet', 'tracking', 'live'],
    'A new status of an order, to everybody who follows it; the people in it only to its customer and its pharmacy.',
    Type.Object({
      type: Type.Literal('status'),
      order_id: Uuid,
      status: StatusShown,
      at: Timestamp,
      arrived_at: Type.Optional(Type.Union([Type.Literal('pickup'), Type.Literal('dropoff')])),
      vehicle_type: Type.Optional(Text),
      driver_id: Type.Optional(Uuid),
      driver_name: Type.Optional(Text),
      driver_phone: Type.Optional(Text),
      reason: Type.Optional(nullable(Text)),
    }),
    { type: 'status', order_id: ids.order, status: 'picked_up', at },
  ),

  custody: heard(
    ['terminal', 'customer', 'fleet', 'driver'],
    'The chain of custody of an order broke, or the pharmacy has decided upon a break.',
    Type.Object({
      type: Type.Literal('custody'),
      order_id: Uuid,
      number: Type.Integer({ minimum: 1, description: 'Of the break' }),
      kind: nullable(oneOf(breakKinds)),
      outcome: Type.Union([oneOf(breakOutcomes), Type.Null()], {
        description: 'Null: it waits for a decision',
      }),
      at: Timestamp,
    }),
    { type: 'custody', order_id: ids.order, number: 1, kind: 'other_seal', outcome: null, at },
  ),
}
type Messages = typeof orderMessages
export type RequestEnded = Type.Static<Messages['request_ended']['schema']>
export type StatusMessage = Type.Static<Messages['status']['schema']>
export type CustodyMessage = Type.Static<Messages['custody']['schema']>
export type ResponseResult = Type.Static<Messages['response_result']['schema']>

/** How a request ended for a pharmacy that was asked and did not get it. */
export type RequestEnd = 'taken' | 'expired' | 'cancelled'

const endWords: Readonly<Record<RequestEnd, string>> = {
  taken: 'This request has been accepted by another pharmacy',
  expired: requestExpired,
  cancelled: 'This request was cancelled',
}

/** The message to terminals that have shown the request. */
export const requestEnded = (request_id: string, end: RequestEnd): RequestEnded => ({
  type: `request_${end}`,
  request_id,
  message: endWords[end],
})

/** The facts of an open request that a message about it needs. Times in ms, the radius in km. */
export interface OpenRequest {
  orderId: string
  customerName: string
  dropoff: GeoPoint
  items: NewRequestBody['items']
  quantity: number | null
  prescriptionUrl: string | null
  radiusKm: number
  createdAtMs: number
  expiresAtMs: number
}

/**
 * The facts that a pharmacy needs to accept: the fields of the older API, without the customer's
 * identity and exact place.
 */
export function newRequestBody(request: OpenRequest): NewRequestBody {
  const area = areaOf(request.dropoff)
  return {
    request_id: request.orderId,
    patient_name: initialsOf(request.customerName),
    patient_phone: '',
    patient_location: { lat: area.latitude, lng: area.longitude },
    radius_km: request.radiusKm,
    quantity: request.quantity,
    items: request.items,
    notes: null,
    image_url: request.prescriptionUrl,
    prescription_url: request.prescriptionUrl,
    timestamp: isoTime(request.createdAtMs),
    expires_at: isoTime(request.expiresAtMs),
  }
}

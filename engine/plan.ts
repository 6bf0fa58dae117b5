/**
 * From the wire to a decision: validates a command's data and looks up what `decide` needs to know
 * but may not ask for (who is near, who the pharmacy is, fresh ids). Everything impure about a command is here.
 */
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import {
  commandSchemas,
  edgeVerbs,
  type DriverCommandData,
  type OrderCommandData,
  type OrderVerb,
  type DriverVerb,
  CommandEnvelope,
  ServiceCommand,
} from '../protocol/commands.ts'
import { CaduceusError, type FieldError } from '../protocol/errors.ts'
import { uuidV7 } from '../protocol/ids.ts'
import { checkOrderSize } from '../protocol/order-size.ts'
import { combiningRule, composedValue, unstorableRule, unstorableText } from '../protocol/text.ts'
import type { Directory } from './matching/directory.ts'
import type { DriverCommand } from './driver/commands.ts'
import type { OrderCommand } from './order/commands.ts'
import type { Env } from '../protocol/env.ts'
import type { Services } from './services/services.ts'
import type { Following } from './tracking/following.ts'

export interface PlanDeps {
  env: Env
  directory: Directory
  following: Following
  services: Services
}

interface Validator {
  Check(value: unknown): boolean
  Errors(
    value: unknown,
  ): { instancePath: string; message: string; keyword: string; params: unknown }[]
}
const compile = (schemas: Record<string, TSchema>): Map<string, Validator> =>
  new Map(
    Object.entries(schemas).map(([verb, schema]) => [
      verb,
      Compile(schema) as unknown as Validator,
    ]),
  )
const validators = { order: compile(commandSchemas.order), driver: compile(commandSchemas.driver) }
const envelopeValidator = Compile(CommandEnvelope) as unknown as Validator
const serviceCommandValidator = Compile(ServiceCommand) as unknown as Validator

/** Throws `invalid_request` with the fields that broke a rule. */
export function parseEnvelope(value: unknown): CommandEnvelope {
  check(envelopeValidator, value, '')
  const envelope = value as CommandEnvelope
  return { ...envelope, actor_id: envelope.actor_id.toLowerCase(), data: canonical(envelope.data) }
}

/**
 * A command of another service. `service` is its name as the bus vouches for it, null on a bus that does
 * not: then the body may say. A service acts in its own name, or for a customer, pharmacy or driver; what
 * the engine and administrators may is not to be had this way. Throws `invalid_request`, `forbidden`.
 */
export function parseServiceCommand(
  value: unknown,
  actor: string,
  verb: string,
  service: string | null,
): CommandEnvelope {
  check(serviceCommandValidator, value, '')
  const { id, actor_id, by, data } = value as ServiceCommand
  if (by?.role === 'admin' || by?.role === 'system')
    throw new CaduceusError('forbidden', `a service cannot act as ${by.role}`, [
      { field: 'by.role', rule: 'must be service, customer, vendor or driver' },
    ])
  const name = service ?? (by?.role === 'service' ? by.id : 'unnamed')
  const principal =
    by === undefined || by.role === 'service'
      ? { role: 'service', id: name }
      : { ...by, id: by.id.toLowerCase() }
  if (actor === 'driver' && edgeVerbs.has(verb))
    throw new CaduceusError('forbidden', "a driver's profile is changed by PATCH /api/drivers/{id}")
  // What comes through an edge is in one form already; a service may write as it likes.
  const { value: composed, broken } = composedValue(data, 'data')
  if (broken !== null)
    throw new CaduceusError('invalid_request', `${broken} ${combiningRule}`, [
      { field: broken, rule: combiningRule },
    ])
  // Two services may count their commands alike, and so may an app.
  return parseEnvelope({
    id: `service:${name}:${id}`,
    actor,
    actor_id,
    verb,
    by: principal,
    ...(service !== null && { service }),
    data: composed,
  })
}

/**
 * Ids in small letters. The database takes both writings of a UUID for one, slots and maps do not:
 * an order asked for in capitals would come to life a second time, in a slot that is not its own.
 */
function canonical(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      key.endsWith('_id') && typeof value === 'string' ? value.toLowerCase() : value,
    ]),
  )
}

/** The wire's data with what the engine adds. Throws `invalid_request`, `message_unknown_type`, `vendor_not_active`. */
export function planCommand(
  envelope: CommandEnvelope,
  deps: PlanDeps,
): { kind: 'order'; command: OrderCommand } | { kind: 'driver'; command: DriverCommand } {
  const validator = validators[envelope.actor].get(envelope.verb)
  if (validator === undefined)
    throw new CaduceusError(
      'message_unknown_type',
      `there is no ${envelope.actor} command "${envelope.verb}"`,
    )
  check(validator, envelope.data, 'data')
  // The last word: an edge may not have heard of the suspension yet, and an accept may be on its way.
  if (envelope.by.role === 'vendor' && !deps.directory.mayAct(envelope.by.id))
    throw new CaduceusError('vendor_not_active', 'this pharmacy is suspended')
  const within =
    envelope.service === undefined ? {} : { within: deps.services.scopeOf(envelope.service) }
  return envelope.actor === 'order'
    ? { kind: 'order', command: { ...planOrder(envelope, deps), ...within } }
    : { kind: 'driver', command: { ...planDriver(envelope), ...within } }
}

function planOrder(envelope: CommandEnvelope, deps: PlanDeps): OrderCommand {
  const verb = envelope.verb as OrderVerb
  const { by } = envelope
  const data = <V extends OrderVerb>(_verb: V) => envelope.data as OrderCommandData[V]
  const sameOrder = (orderId: string): void => {
    if (orderId !== envelope.actor_id)
      throw new CaduceusError('invalid_request', 'order_id differs from actor_id', [
        { field: 'data.order_id', rule: 'must equal actor_id' },
      ])
  }
  const secret = (): string => randomHex(deps.env, 32)
  switch (verb) {
    case 'broadcast': {
      const d = data(verb)
      sameOrder(d.order_id)
      checkOrderSize(d, 'data.')
      return {
        verb,
        by,
        data: d,
        candidates: deps.directory.near(d.latitude, d.longitude, d.radius_km, deps.env.nowMs()),
        trackingToken: secret(),
      }
    }
    case 'create': {
      const d = data(verb)
      sameOrder(d.order_id)
      checkOrderSize(d, 'data.')
      return {
        verb,
        by,
        data: d,
        vendor: deps.directory.fact(d.vendor_id),
        tariff: deps.directory.tariff(d.vendor_id),
        trackingToken: secret(),
      }
    }
    case 'respond':
      return {
        verb,
        by,
        data: data(verb),
        vendor: deps.directory.fact(by.id),
        tariff: deps.directory.tariff(by.id),
        autoOffer: deps.directory.autoOffer(by.id),
      }
    case 'accept':
      return { verb, by, data: data(verb), autoOffer: deps.directory.autoOffer(by.id) }
    case 'assign_driver':
      return { verb, by, data: data(verb), offerId: uuidV7(deps.env.nowMs(), deps.env.random) }
    // Who it is, the driver's actor says, when it is asked (engine/holds.ts).
    case 'accept_offer':
      return { verb, by, data: data(verb), driver: null }
    // Whose the uploads are is asked of the database (engine/proofs.ts).
    case 'deliver':
      return {
        verb,
        by,
        data: data(verb),
        uploads: [],
        actualDistanceKm: deps.following.drivenKm(envelope.actor_id),
        doorDistanceM: deps.following.doorDistanceM(envelope.actor_id, deps.env.nowMs()),
      }
    case 'reissue_tracking':
      return { verb, by, data: data(verb), trackingToken: secret() }
    case 'reject':
      return { verb, by, data: data(verb) }
    case 'cancel':
      return { verb, by, data: data(verb) }
    case 'find_driver':
      return { verb, by, data: data(verb) }
    case 'decline_offer':
      return { verb, by, data: data(verb) }
    case 'pick_up':
      return { verb, by, data: data(verb) }
    case 'out_for_delivery':
      return { verb, by, data: data(verb) }
    case 'fail':
      return { verb, by, data: data(verb) }
    case 'return':
      return { verb, by, data: data(verb) }
    case 'complete_return':
      return { verb, by, data: data(verb) }
  }
}

function planDriver(envelope: CommandEnvelope): DriverCommand {
  const verb = envelope.verb as DriverVerb
  const { by } = envelope
  switch (verb) {
    case 'register':
      return {
        verb,
        by,
        driverId: envelope.actor_id,
        data: envelope.data as DriverCommandData['register'],
      }
    case 'update':
      return { verb, by, data: envelope.data as DriverCommandData['update'] }
    case 'set_status':
      return { verb, by, data: envelope.data as DriverCommandData['set_status'] }
    default:
      return { verb, by }
  }
}

function check(validator: Validator, value: unknown, at: string): void {
  if (validator.Check(value)) {
    const field = unstorableText(value, at)
    if (field !== null)
      throw new CaduceusError('invalid_request', `${field} ${unstorableRule}`, [
        { field, rule: unstorableRule },
      ])
    return
  }
  // The first eight: so many the library collects.
  const fields: FieldError[] = validator.Errors(value).map(error => ({
    field: [at, ...error.instancePath.split('/').filter(part => part !== '')]
      .filter(part => part !== '')
      .join('.'),
    rule: error.message,
  }))
  const first = fields[0]
  throw new CaduceusError(
    'invalid_request',
    first === undefined ? 'the command is not valid' : `${first.field || 'command'} ${first.rule}`,
    fields,
  )
}

/** 4 bits of chance a digit; the source is the operating system's outside the simulator. */
function randomHex(env: Env, digits: number): string {
  let out = ''
  while (out.length < digits)
    out += Math.floor(env.random() * 16 ** 5)
      .toString(16)
      .padStart(5, '0')
  return out.slice(0, digits)
}

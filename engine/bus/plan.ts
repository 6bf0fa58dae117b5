/** Checks the envelope and the data of commands from the wire, for every kind of actor alike. */
import { Type, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { CommandEnvelope, ServiceCommand } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, type FieldError } from '../../protocol/kernel/errors.ts'
import {
  combiningRule,
  composedValue,
  unstorableRule,
  unstorableText,
} from '../../protocol/kernel/text.ts'
import type { AnyAttendant, AnyKind, Envelope, Kinds } from '../actors/kind.ts'
import type { Services } from '../../protocol/bus/services.ts'

interface Validator {
  Check(value: unknown): boolean
  Errors(
    value: unknown,
  ): { instancePath: string; message: string; keyword: string; params: unknown }[]
}
const compile = (schemas: Readonly<Record<string, TSchema>>): Map<string, Validator> =>
  new Map(
    Object.entries(schemas).map(([verb, schema]) => [
      verb,
      Compile(schema) as unknown as Validator,
    ]),
  )
/** Compiled once per process, however many engines it starts. */
const compiled = new WeakMap<object, Map<string, Validator>>()
function validatorsOf(schemas: AnyKind['commands']): Map<string, Validator> {
  let validators = compiled.get(schemas)
  if (validators === undefined) compiled.set(schemas, (validators = compile(schemas)))
  return validators
}
const envelopeValidators = new Map<string, Validator>()
function envelopeValidatorOf({ list }: Kinds): Validator {
  const names = list.map(kind => kind.name)
  const key = names.join()
  let validator = envelopeValidators.get(key)
  if (validator === undefined) {
    const schema = Type.Object(
      { ...CommandEnvelope.properties, actor: Type.Union(names.map(name => Type.Literal(name))) },
      { additionalProperties: false },
    )
    envelopeValidators.set(key, (validator = Compile(schema) as unknown as Validator))
  }
  return validator
}
const serviceCommandValidator = Compile(ServiceCommand) as unknown as Validator

/** Throws `invalid_request` with the fields that broke a rule. */
export function parseEnvelope(value: unknown, kinds: Kinds): Envelope {
  check(envelopeValidatorOf(kinds), value, '')
  const envelope = value as Envelope
  return { ...envelope, actor_id: envelope.actor_id.toLowerCase(), data: canonical(envelope.data) }
}

/**
 * A command of another service. `service` is its name, as the bus vouches for it; null on a bus
 * that does not, and then the body may say it. A service acts in its own name, or for a customer,
 * pharmacy or driver. Commands of the engine and of administrators are not available this way.
 * Throws `invalid_request`, `forbidden`.
 */
export function parseServiceCommand(
  value: unknown,
  actor: string,
  verb: string,
  service: string | null,
  kinds: Kinds,
): Envelope {
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
      : // A service knows no accounts of ours, so it names no person.
        { role: by.role, id: by.id.toLowerCase() }
  const closed = kinds.find(actor)?.closedToServices?.[verb]
  if (closed !== undefined) throw new CaduceusError('forbidden', closed)
  // Data that comes through an edge is in one form already. A service may use any spelling.
  const { value: composed, broken } = composedValue(data, 'data')
  if (broken !== null)
    throw new CaduceusError('invalid_request', `${broken} ${combiningRule}`, [
      { field: broken, rule: combiningRule },
    ])
  // Two services may count their commands alike, and so may an app.
  const envelope = {
    id: `service:${name}:${id}`,
    actor,
    actor_id,
    verb,
    by: principal,
    ...(service !== null && { service }),
    data: composed,
  }
  return parseEnvelope(envelope, kinds)
}

/**
 * Converts ids to small letters. For the database both spellings of a UUID are one id, for slots
 * and maps they are not: an order that is named in capital letters would be created a second time,
 * in a wrong slot.
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

export interface PlanDeps {
  kinds: Kinds
  attendants: ReadonlyMap<AnyKind, Pick<AnyAttendant, 'plan'>>
  services: Services
  /** False for a pharmacy that is suspended or refused. */
  mayAct(pharmacyId: string): boolean
}

/**
 * The command of an envelope from `parseEnvelope`, with the facts that the engine adds; a promise
 * where something is looked up. Throws `invalid_request`, `message_unknown_type`,
 * `vendor_not_active`, and the errors of its kind.
 */
export function planCommand(
  envelope: Envelope,
  { kinds, attendants, services, mayAct }: PlanDeps,
): { kind: AnyKind; command: unknown } {
  const kind = kinds.named(envelope.actor)
  const validator = validatorsOf(kind.commands).get(envelope.verb)
  if (validator === undefined)
    throw new CaduceusError(
      'message_unknown_type',
      `there is no ${envelope.actor} command "${envelope.verb}"`,
    )
  check(validator, envelope.data, 'data')
  // This check is the last one. An edge may not know of the suspension yet, and an accept may be on
  // its way.
  if (envelope.by.role === 'vendor' && !mayAct(envelope.by.id))
    throw new CaduceusError('vendor_not_active', 'this pharmacy is suspended')
  const command = attendants.get(kind)!.plan(envelope)
  const { service } = envelope
  if (service === undefined) return { kind, command }
  const scoped = (planned: unknown): unknown => ({
    ...(planned as object),
    within: services.scopeOf(service),
  })
  return { kind, command: command instanceof Promise ? command.then(scoped) : scoped(command) }
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
  // The library collects at most eight errors.
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

/**
 * Text is normalised once, where it enters: ids to small letters, phones to their stored form, and
 * all text to Unicode's NFC, so that no later code has to consider spellings. The schema names the
 * kind of each text. The walk happens before the check, which then sees only text that will be
 * stored.
 *
 * A shown password stays as it was typed, because a password that was stored in another form must
 * still open.
 */
import type Type from 'typebox'
import type { FieldError } from '../../protocol/kernel/errors.ts'
import { writtenEmail } from '../../protocol/accounts/emails.ts'
import { isUuid, uuidPattern } from '../../protocol/kernel/ids.ts'
import { normalPhone, phoneRule, type CountryCode } from '../../protocol/accounts/phones.ts'
import { combiningRule, composedText } from '../../protocol/kernel/text.ts'
import { depthMax, rulesToldMax } from './limits.ts'
import { newPasswordRule, opaqueString } from './passwords.ts'

/** `hex`: letters without case. `password` exists already; `newPassword` is being set. */
export type TextKind = 'id' | 'hex' | 'email' | 'phone' | 'password' | 'newPassword'

/** The rules of text that a deployment chooses. */
export interface TextRules {
  phoneCountry: CountryCode | null
}
export const plainRules: TextRules = { phoneCountry: null }

/** The keyword of a schema that names the kind; documents contain it too. */
export const kindKeyword = 'x-text-kind'

/** Changes the value in place. Returns the rules that its texts break. */
export type Normalise = (value: unknown) => FieldError[]

interface Plan {
  kind: TextKind | null
  minLength: number
  properties: ReadonlyMap<string, Plan>
  rest: Plan | null
}
interface Schema {
  pattern?: string
  minLength?: number
  properties?: Record<string, Schema>
  items?: Schema | Schema[]
  anyOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: Schema | boolean
  patternProperties?: Record<string, Schema>
  [kindKeyword]?: TextKind
}

/** Reads the schema once. */
export function compileNormalise(schema: Type.TSchema, rules: TextRules): Normalise {
  const plan = planOf(schema as Schema)
  return value => {
    const broken: FieldError[] = []
    walk(plan, value, '', 0, rules, broken)
    return broken
  }
}

/** Branches of a union are merged: a kind changes only text that fits it. */
function planOf(schema: Schema): Plan {
  const parts = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]
  const nested = parts.slice(1).map(planOf)
  const properties = new Map<string, Plan>()
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    properties.set(name, planOf(inner))
  for (const plan of nested)
    for (const [name, inner] of plan.properties)
      if (!properties.has(name)) properties.set(name, inner)
  const rests = [
    schema.items,
    schema.additionalProperties,
    ...Object.values(schema.patternProperties ?? {}),
  ]
    .flatMap(one => one ?? [])
    .filter(one => typeof one === 'object')
  return {
    kind:
      schema[kindKeyword] ??
      (schema.pattern === uuidPattern
        ? 'id'
        : (nested.find(plan => plan.kind !== null)?.kind ?? null)),
    minLength: schema.minLength ?? 0,
    properties,
    rest:
      rests[0] === undefined
        ? (nested.find(plan => plan.rest !== null)?.rest ?? null)
        : planOf(rests[0]),
  }
}

function walk(
  plan: Plan | null,
  holder: unknown,
  path: string,
  depth: number,
  rules: TextRules,
  broken: FieldError[],
): void {
  if (
    typeof holder !== 'object' ||
    holder === null ||
    ArrayBuffer.isView(holder) ||
    depth > depthMax
  )
    return
  for (const [name, value] of Object.entries(holder)) {
    const inner = plan?.properties.get(name) ?? plan?.rest ?? null
    const at = path === '' ? name : `${path}.${name}`
    if (typeof value === 'string') {
      const normal = textOf(inner, value, at, rules, broken)
      // defineProperty is used, because a property may be called __proto__.
      if (normal !== value) Object.defineProperty(holder, name, { value: normal })
    } else walk(inner, value, at, depth + 1, rules, broken)
  }
}

function textOf(
  plan: Plan | null,
  text: string,
  field: string,
  rules: TextRules,
  broken: FieldError[],
): string {
  const refuse = (rule: string): string => {
    if (broken.length < rulesToldMax) broken.push({ field, rule })
    return text
  }
  switch (plan?.kind) {
    case 'id':
      return isUuid(text) ? text.toLowerCase() : text
    case 'hex':
      return /^[0-9A-F]+$/i.test(text) ? text.toLowerCase() : text
    case 'phone':
      return normalPhone(text, rules.phoneCountry) ?? refuse(phoneRule)
    case 'password':
      return text
    case 'newPassword': {
      const rule = text.length < plan.minLength ? null : newPasswordRule(text, plan.minLength)
      return rule === null ? opaqueString(text) : refuse(rule)
    }
  }
  const composed = composedText(text)
  if (composed === null) return refuse(combiningRule)
  return plan?.kind === 'email' ? writtenEmail(composed) : composed
}

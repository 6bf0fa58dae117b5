/**
 * The fields that a customer may give with an order, one row a field: a text, a number or a list.
 * REST bodies, commands, events, the state, the view and the part that each reader sees are all
 * read from a row here, so a field is added in one place.
 *
 * Rejected: rows for every field of an order. A place, an item and a fee each mean something to the
 * code that decides; a row would only say their names once more.
 */
import Type from 'typebox'
import { GoodsClasses } from '../custody/classes.ts'
import { limits } from '../kernel/limits.ts'
import { nullable, Text } from '../kernel/schema.ts'
import type { Standing } from './standings.ts'

interface GivenField {
  /** The field as bodies and commands take it. Its size is bounded. */
  taken: Type.TSchema
  /**
   * The field as events and views tell it, without the bounds: an older release may have had wider
   * ones.
   */
  told: Type.TSchema
  /** Its name in the state. Snapshots are stored with it, so it never changes. */
  inState: string
  /**
   * Who sees it. Administrators see every field, and nobody else sees a field that does not name
   * them.
   */
  seenBy: readonly Exclude<Standing, 'overseer'>[]
}

const text = (charactersMax: number) => ({
  taken: Type.String({ maxLength: charactersMax }),
  told: Text,
})

export const givenFields = {
  notes: {
    ...text(limits.textCharactersMax),
    inState: 'notes',
    seenBy: ['customer', 'winner', 'chosen', 'carrier'],
  },
  prescription_url: {
    ...text(limits.urlCharactersMax),
    inState: 'prescriptionUrl',
    seenBy: ['customer', 'winner', 'chosen', 'asked'],
  },
  goods_classes: {
    taken: GoodsClasses,
    told: GoodsClasses,
    inState: 'goodsClasses',
    seenBy: ['customer', 'winner', 'chosen', 'asked', 'carrier', 'offered'],
  },
} as const satisfies Record<string, GivenField>

type Fields = typeof givenFields
export type GivenName = keyof Fields
export const givenNames = Object.keys(givenFields) as GivenName[]

type Taken = { [Name in GivenName]: Type.Static<Fields[Name]['taken']> }
export type Told = { [Name in GivenName]: Type.Static<Fields[Name]['told']> | null }
/** The fields in an order's state. A snapshot lacks those that its release did not know. */
export type GivenState = {
  [Name in GivenName as Fields[Name]['inState']]?: Told[Name]
}

/** A loop and not `Object.fromEntries`, because views are made for each answer. */
function each(value: (field: GivenField, name: GivenName) => unknown): Record<GivenName, unknown> {
  const values: Partial<Record<GivenName, unknown>> = {}
  for (const name of givenNames) values[name] = value(givenFields[name], name)
  return values as Record<GivenName, unknown>
}

/** The fields as commands and REST bodies take them. */
export const givenSchemas = each(({ taken }) => Type.Optional(taken)) as {
  [Name in GivenName]: Type.TOptional<Fields[Name]['taken']>
}
/** The fields as events and views tell them. */
export const toldSchemas = each(({ told }) => nullable(told)) as {
  [Name in GivenName]: Type.TUnion<[Fields[Name]['told'], Type.TNull]>
}
/** Nothing was given. */
export const noneGiven = each(() => null) as Readonly<Told>

/** The fields of a command, for its event. */
export const toldOf = (data: Partial<Taken>): Told =>
  each((_field, name) => data[name] ?? null) as Told

/** The fields of an event, for the state. */
export function stateOf(told: Readonly<Told>): GivenState {
  const state: Record<string, unknown> = {}
  for (const name of givenNames) state[givenFields[name].inState] = told[name]
  return state
}

/** The fields of a state, for the view. */
export const shownOf = (state: Readonly<GivenState>): Told =>
  each((_field, name) => state[givenFields[name].inState] ?? null) as Told

const seen = new Map<Standing, GivenName[]>()
for (const name of givenNames)
  for (const standing of givenFields[name].seenBy)
    seen.set(standing, [...(seen.get(standing) ?? []), name])

/** The fields that a reader of this standing sees. An overseer sees the order as it is. */
export const givenSeenBy = (standing: Standing): readonly GivenName[] => seen.get(standing) ?? []

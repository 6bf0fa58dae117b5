/**
 * The texts that a customer may give with an order, one row a field. REST bodies, commands, events,
 * the state, the view and what each reader sees are all read from a row here, so a field is added
 * in one place.
 *
 * Rejected: rows for every field of an order. A place, an item and a fee each mean something to the
 * code that decides; a row would only say their names once more.
 */
import Type from 'typebox'
import { limits } from '../kernel/limits.ts'
import { nullable, Text } from '../kernel/schema.ts'
import type { Standing } from './standings.ts'

interface GivenField {
  charactersMax: number
  /** Its name in the state. Snapshots are stored with it, so it never changes. */
  inState: string
  /**
   * Who sees it. Administrators see every field, and nobody else sees a field that does not name
   * them.
   */
  seenBy: readonly Exclude<Standing, 'overseer'>[]
}

export const givenFields = {
  notes: {
    charactersMax: limits.textCharactersMax,
    inState: 'notes',
    seenBy: ['customer', 'winner', 'chosen', 'carrier'],
  },
  prescription_url: {
    charactersMax: limits.urlCharactersMax,
    inState: 'prescriptionUrl',
    seenBy: ['customer', 'winner', 'chosen', 'asked'],
  },
} as const satisfies Record<string, GivenField>

export type GivenName = keyof typeof givenFields
export const givenNames = Object.keys(givenFields) as GivenName[]

/** A loop and not `Object.fromEntries`, because views are made for each answer. */
function each<T>(value: (field: GivenField, name: GivenName) => T): Record<GivenName, T> {
  const values: Partial<Record<GivenName, T>> = {}
  for (const name of givenNames) values[name] = value(givenFields[name], name)
  return values as Record<GivenName, T>
}

/** The fields as commands and REST bodies take them. */
export const givenSchemas = each(({ charactersMax }) =>
  Type.Optional(Type.String({ maxLength: charactersMax })),
)
/** The fields as events and views tell them. */
export const toldSchemas = each(() => nullable(Text))
/** Nothing was given. */
export const noneGiven: Readonly<Told> = each(() => null)

export type Told = Record<GivenName, string | null>
/** The fields in an order's state. A snapshot lacks those that its release did not know. */
export type GivenState = {
  [Name in GivenName as (typeof givenFields)[Name]['inState']]?: string | null
}

/** The fields of a command, for its event. */
export const toldOf = (data: { readonly [Name in GivenName]?: string }): Told =>
  each((_field, name) => data[name] ?? null)

/** The fields of an event, for the state. */
export function stateOf(told: Readonly<Told>): GivenState {
  const state: GivenState = {}
  for (const name of givenNames) state[givenFields[name].inState] = told[name]
  return state
}

/** The fields of a state, for the view. */
export const shownOf = (state: Readonly<GivenState>): Told =>
  each((_field, name) => state[givenFields[name].inState] ?? null)

const seen = new Map<Standing, GivenName[]>()
for (const name of givenNames)
  for (const standing of givenFields[name].seenBy)
    seen.set(standing, [...(seen.get(standing) ?? []), name])

/** The fields that a reader of this standing sees. An overseer sees the order as it is. */
export const givenSeenBy = (standing: Standing): readonly GivenName[] => seen.get(standing) ?? []

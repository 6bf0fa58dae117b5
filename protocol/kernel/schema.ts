/**
 * The vocabulary of all schemas: the few shapes that commands, events, views, messages and routes are made of.
 * One file, so that a latitude or a time is checked in the same way wherever it comes in.
 */
import Type from 'typebox'
import { limits } from './limits.ts'

/** The schema, or null. */
export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** A text of any length: in what we send. What comes in has a bound of its own. */
export const Text = Type.String()

/** A moment as RFC 3339 writes it. */
export const Timestamp = Type.String({ format: 'date-time' })

/** A moment in ms since the epoch. */
export const AtMs = Type.Integer({ description: 'ms since the epoch' })

/** Degrees north. */
export const Latitude = Type.Number({ minimum: -90, maximum: 90 })

/** Degrees east. */
export const Longitude = Type.Number({ minimum: -180, maximum: 180 })

/** A place as a point. */
export const Point = Type.Object({ latitude: Latitude, longitude: Longitude })

/** A place as the older broadcast API names it. */
export const LatLng = Type.Object({ lat: Latitude, lng: Longitude })

/** An amount of money that is never negative. */
export const Minor = Type.Integer({
  minimum: 0,
  description: 'Money in the smallest unit of the currency',
})

/** An ISO 4217 code. */
export const Currency = Type.String({ description: 'The currency by its ISO 4217 code' })

/** One line of an order: a medicine and how many of it. */
export const Item = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: limits.nameCharactersMax }),
    quantity: Type.Integer({ minimum: 1, maximum: limits.quantityMax }),
  },
  { additionalProperties: false },
)

/** A text of a list, typed by the list. A union of literals written out would repeat the list. */
export const oneOf = <const Texts extends readonly string[]>(
  texts: Texts,
  options: Type.TSchemaOptions = {},
): Type.TUnsafe<Texts[number]> =>
  Type.Unsafe<Texts[number]>(
    Type.Union(
      texts.map(text => Type.Literal(text)),
      options,
    ),
  )

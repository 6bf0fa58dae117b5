/**
 * The shapes that commands, events, views, messages and routes share. They are in one file, so that
 * a latitude or a time is checked in the same way everywhere.
 */
import Type from 'typebox'
import { limits } from './limits.ts'

/** The schema, or null. */
export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** A text of any length, for messages that we send. Text from outside has a bound of its own. */
export const Text = Type.String()

/** A time as RFC 3339 writes it. */
export const Timestamp = Type.String({ format: 'date-time' })

/** A time in ms since the epoch. */
export const AtMs = Type.Integer({ description: 'ms since the epoch' })

/** Degrees north. */
export const Latitude = Type.Number({ minimum: -90, maximum: 90 })

/** Degrees east. */
export const Longitude = Type.Number({ minimum: -180, maximum: 180 })

/** A place as a point. */
export const Point = Type.Object({ latitude: Latitude, longitude: Longitude })

/** A place in the form of the older broadcast API. */
export const LatLng = Type.Object({ lat: Latitude, lng: Longitude })

/** An amount of money that is never negative. */
export const Minor = Type.Integer({
  minimum: 0,
  description: 'Money in the smallest unit of the currency',
})

/** An ISO 4217 code. */
export const Currency = Type.String({ description: 'The currency by its ISO 4217 code' })

/** One line of an order: a medicine and its quantity. */
export const Item = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: limits.nameCharactersMax }),
    quantity: Type.Integer({ minimum: 1, maximum: limits.quantityMax }),
  },
  { additionalProperties: false },
)

/**
 * One text of a list; its type comes from the list. Writing the union of literals out would repeat
 * the list.
 */
export const oneOf = <const Texts extends readonly string[]>(
  texts: Texts,
  options: Type.TSchemaOptions = {},
): Type.TUnsafe<Texts[number]> =>
  Type.Unsafe<Texts[number]>(
    texts.length === 1
      ? // Linters of documents report a union of one schema.
        Type.Literal(texts[0]!, options)
      : Type.Union(
          texts.map(text => Type.Literal(text)),
          options,
        ),
  )

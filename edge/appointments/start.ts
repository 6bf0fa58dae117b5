/** The fields by which callers name the beginning of a slot. */
import Type from 'typebox'
import { Timestamp } from '../kernel/shapes.ts'

export const Start = {
  start: Type.Optional(Timestamp),
  start_local: Type.Optional(
    Type.String({
      minLength: 16,
      maxLength: 16,
      description: 'The beginning as clocks of the service show it, in place of `start`',
    }),
  ),
}

/** A row in the tables of commands, and the text that commands carry. */
import Type from 'typebox'
import { limits } from '../kernel/limits.ts'

/**
 * `summary`: what the command is for, in a sentence; `example`: data that the schema lets through.
 * Both are for the AsyncAPI document.
 */
export const command = <Data extends Type.TSchema>(
  summary: string,
  data: Data,
  example: Type.Static<Data>,
) => ({ summary, data, example })

/** A text of at most `max` characters. */
export const text = (max: number = limits.textCharactersMax) => Type.String({ maxLength: max })

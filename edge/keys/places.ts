/** The tables of wrapped keys. */
export type KeyTable = 'person_keys' | 'file_keys'

/** The place of a wrapped key, a part of its envelope. */
export const placeOf = (table: KeyTable, id: string): string => `${table}/${id}`

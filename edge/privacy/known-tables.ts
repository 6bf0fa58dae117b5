/** Every table of the database, and what it knows of a person. */
import type { KnownTables } from './known.ts'
import { knownOfHouse } from './known-house.ts'
import { knownOfPeople } from './known-people.ts'
import { knownOfWork } from './known-work.ts'

/** Does not compile while a table of `Tables` is missing. */
export const knownTables: KnownTables = { ...knownOfPeople, ...knownOfWork, ...knownOfHouse }

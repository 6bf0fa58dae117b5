/** All deliberate bugs, by the name that `--bug` takes. */
import type { Bug } from './bug.ts'
import { bookBugs } from './books.ts'
import { portBugs } from './ports.ts'
import { pushBugs } from './pushes.ts'
import { runtimeBugs } from './runtime.ts'
import { talkBugs } from './talk.ts'
import { visitBugs } from './visits.ts'

export const bugs: Readonly<Record<string, Bug>> = {
  ...runtimeBugs,
  ...bookBugs,
  ...pushBugs,
  ...portBugs,
  ...visitBugs,
  ...talkBugs,
}

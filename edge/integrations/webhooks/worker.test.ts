/** The worker on the embedded database. */
import t from 'tap'
import { openDatabase } from '../../../migrations/open.ts'
import { workerSuite } from './worker-suite.ts'

await workerSuite(t, () => openDatabase({}))

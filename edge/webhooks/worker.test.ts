/** The webhook worker on the embedded database. */
import t from 'tap'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { workerSuite } from './worker-suite.ts'

await workerSuite(t, () => preparedDatabase())

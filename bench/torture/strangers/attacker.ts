/** A thread of attackers: their work must not be in what the people beside them measure. Ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads'
import { attack, type AttackName, type Targets } from './attacks.ts'

const life = new AbortController()
parentPort!.once('message', () => life.abort())
const { name, targets } = workerData as { name: AttackName; targets: Targets }
parentPort!.postMessage(await attack(name, targets, life.signal), [])

/**
 * A thread of attackers, so that their work does not slow the measured people. It ends when it is
 * told to.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { attack, type AttackName, type Targets } from './attacks.ts'

const life = new AbortController()
parentPort!.once('message', () => life.abort())
const { name, targets } = workerData as { name: AttackName; targets: Targets }
parentPort!.postMessage(await attack(name, targets, life.signal), [])

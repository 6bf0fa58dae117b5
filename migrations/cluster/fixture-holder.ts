/**
 * A process that holds a cluster open, for tests that end it: `node fixture-holder.js DIRECTORY
 * <kept|temporary>`. It prints the number of the server's process.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCluster } from './cluster.ts'

const [directory, mode] = process.argv.slice(2)
await openCluster(directory!, { temporary: mode === 'temporary', log() {} })
const pid = readFileSync(join(directory!, 'postmaster.pid'), 'utf8').split('\n')[0]
process.stdout.write(`${pid}\n`)
setInterval(() => {}, 60_000)

#!/usr/bin/env node
/**
 * `caduceus-verify FILE`, and `npm run -s verify -- FILE` in the repository: says whether an
 * exported custody is true. It reads one file and no settings, and opens no connection.
 */
import { createReadStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseKey } from './keys.ts'
import { custodyLogLimits } from './limits.ts'
import { verifyExport, type Proven } from './verify.ts'

const help = `Usage: caduceus-verify FILE [--key KEY] [--witness KEY]...
       npm run -s verify -- FILE [--key KEY] [--witness KEY]...

Says whether FILE, the export of a custody, is true: each entry is in the log, each checkpoint is
signed, and no later checkpoint took back an earlier one. It needs no network and no server.

  --key KEY      the public key of the log, which you have from elsewhere, such as
                 example.org/log+1a2b3c4d+AbCd…; without it, compare the key that is printed
  --witness KEY  the public key of a witness that must have cosigned the last checkpoint
  --help         this text

Exit code: 0 the export is true, 1 it is not, and each fault is named, 2 the command line is wrong or
FILE cannot be read.
`

const faultsShownMax = 20
/** The last second that a Date can write with a year of four digits. */
const secondsShownMax = 253_402_300_799n

/** A text of the file as a line for a terminal, which would obey a control character. */
const shown = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, one => `\\u{${one.codePointAt(0)!.toString(16)}}`)

const time = (seconds: bigint): string =>
  seconds > secondsShownMax
    ? `second ${seconds}`
    : new Date(Number(seconds) * 1000).toISOString().replace('.000', '')

/** At most one byte more than an export may have, so that an endless file ends too. */
async function readBounded(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path, { end: custodyLogLimits.exportBytesMax }))
    chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function provenLines(proven: Proven, isKeyTrusted: boolean): string[] {
  return [
    'TRUE: the export is complete in itself and was not changed.',
    proven.subject === null ? 'The entries are erased.' : `Subject: ${shown(proven.subject)}`,
    `Entries: ${proven.entries}${proven.erased > 0 ? `, of which ${proven.erased} erased: they are in the log, and their content is gone` : ''}`,
    `Log: ${shown(proven.logKey)}`,
    `Checkpoints: ${proven.checkpoints}, the last over ${proven.treeSize} entries of the log. An entry after it is not in this file.`,
    ...proven.witnesses.map(({ name, seconds }) => `Witness: ${shown(name)} at ${time(seconds)}`),
    ...(isKeyTrusted
      ? []
      : [
          'The key of the log is that of the file. Compare it with the key that the log publishes, or give that one with --key.',
        ]),
  ]
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      witness: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (positionals.length !== 1) throw new Error('one FILE is expected; --help says more')
  const trusted = { logKey: values.key ?? null, witnessKeys: values.witness }
  const checked = (option: string, check: () => unknown): void => {
    try {
      check()
    } catch (error) {
      throw new Error(`the key after ${option} ${(error as Error).message}`, { cause: error })
    }
  }
  if (trusted.logKey !== null) checked('--key', () => parseKey('log', trusted.logKey!))
  for (const text of trusted.witnessKeys) checked('--witness', () => parseKey('witness', text))
  const { faults, proven } = verifyExport(await readBounded(positionals[0]!), trusted)
  if (proven !== null) {
    process.stdout.write(`${provenLines(proven, trusted.logKey !== null).join('\n')}\n`)
    return 0
  }
  const lines = faults.slice(0, faultsShownMax).map(({ code, text }) => `  ${code}: ${shown(text)}`)
  const more = faults.length - lines.length
  if (more > 0) lines.push(`  and ${more} more`)
  process.stdout.write(`NOT TRUE\n${lines.join('\n')}\n`)
  return 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`caduceus-verify: ${(error as Error).message}\n`)
  process.exitCode = 2
}

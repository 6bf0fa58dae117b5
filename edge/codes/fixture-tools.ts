/**
 * Independent programs that write and read codes: zbarimg, dmtxread, dmtxwrite, qrencode and zint.
 * A test that needs a missing program is skipped, or fails when all services are required.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from '../../protocol/testing/binaries.ts'

const packages = {
  zbarimg: 'zbar-tools',
  dmtxread: 'dmtx-utils',
  dmtxwrite: 'dmtx-utils',
  qrencode: 'qrencode',
  zint: 'zint',
} as const
export type Tool = keyof typeof packages

/** For tap's `skip` option: false when all tools are here; otherwise how to install them. */
export function toolsOrSkip(
  t: { fail(message: string): unknown },
  ...tools: Tool[]
): string | false {
  const missing = tools.filter(tool => findBinary(tool) === null)
  if (missing.length === 0) return false
  const line = `${missing.join(' and ')} not found; install with: apt-get install ${[...new Set(missing.map(tool => packages[tool]))].join(' ')}`
  if (process.env['REQUIRE_SERVICES'] === '1') t.fail(line)
  return line
}

/** Runs the tool and returns its output. `FILE` among the arguments becomes the name of `file`. */
function run(tool: Tool, args: readonly string[], file: string, input?: string): Buffer {
  return execFileSync(
    findBinary(tool)!,
    args.map(arg => (arg === 'FILE' ? file : arg)),
    { stdio: ['pipe', 'pipe', 'ignore'], ...(input !== undefined && { input }) },
  )
}

function inFolder<T>(name: string, work: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-codes-'))
  try {
    return work(join(folder, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The text that the tool reads from a picture with one code. */
export const readBy = (tool: 'zbarimg' | 'dmtxread', picture: Uint8Array): string =>
  inFolder('code.png', file => {
    writeFileSync(file, picture)
    const args = tool === 'zbarimg' ? ['--quiet', '--raw', '--oneshot', 'FILE'] : ['-N1', 'FILE']
    return run(tool, args, file).toString()
  })

/** The picture that the tool writes; the end of `name` chooses its format. */
export const writtenBy = (
  tool: 'qrencode' | 'zint' | 'dmtxwrite',
  args: readonly string[],
  { name = 'code.png', input }: { name?: string; input?: string } = {},
): Uint8Array =>
  inFolder(name, file => {
    run(tool, ['-o', 'FILE', ...args], file, input)
    return new Uint8Array(readFileSync(file))
  })

/** Modules of a code by zint, true where dark. A linear code has one row. */
export const zintModules = (symbology: string, text: string): boolean[][] =>
  run('zint', ['--dump', '-b', symbology, '-d', text], '')
    .toString()
    .trim()
    .split('\n')
    .map(line =>
      [...line.replaceAll(' ', '')].flatMap(digit =>
        [8, 4, 2, 1].map(bit => (Number.parseInt(digit, 16) & bit) !== 0),
      ),
    )

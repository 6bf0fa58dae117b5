/**
 * The modules of a code. Two libraries write them. `qr` is several times faster and writes text
 * without naming its character set, so some readers take short texts beyond ASCII for Japanese. The
 * other library names the set (ECI 26, UTF-8) and also writes DataMatrix.
 */
import { readFileSync } from 'node:fs'
import { encodeQR } from 'qr'
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer'
import { codeLimits } from './limits.ts'
import type { WritingJob } from './writer.ts'

/** Rows of modules with their white border, true where dark; as many rows as columns. */
export type Modules = readonly (readonly boolean[])[]

const { quietZoneModules } = codeLimits
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)
let isPrepared = false

/** `text` fits into the code. */
export async function modulesOf({
  text,
  symbology,
}: Pick<WritingJob, 'text' | 'symbology'>): Promise<Modules> {
  if (symbology === 'qr_code' && isAscii(text))
    return encodeQR(text, 'raw', { ecc: 'medium', border: quietZoneModules })
  if (!isPrepared) {
    // Without `wasmBinary` the library would load it from a server on the internet.
    const file = new URL(import.meta.resolve('zxing-wasm/writer/zxing_writer.wasm'))
    prepareZXingModule({ overrides: { wasmBinary: readFileSync(file) } })
    isPrepared = true
  }
  const characterSet = isAscii(text) ? '' : ',eci=26'
  const { symbol, error } = await writeBarcode(
    text,
    symbology === 'qr_code'
      ? { format: 'QRCode', options: `ecLevel=M${characterSet}` }
      : { format: 'DataMatrix', options: `forceSquare${characterSet}` },
  )
  if (error !== '') throw new Error(`a code could not be written: ${error}`)
  const modules = Array.from({ length: symbol.height + 2 * quietZoneModules }, () =>
    Array.from({ length: symbol.width + 2 * quietZoneModules }, () => false),
  )
  for (const [at, brightness] of symbol.data.entries())
    modules[quietZoneModules + Math.floor(at / symbol.width)]![
      quietZoneModules + (at % symbol.width)
    ] = brightness === 0
  return modules
}

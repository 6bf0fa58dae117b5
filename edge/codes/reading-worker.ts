/**
 * The thread that reads codes from pictures, one after the other. A picture that takes long or
 * makes the decoder fail costs this thread and not the edge. The decoder is WebAssembly from the
 * package; without `wasmBinary` the library would load it from a server on the internet.
 */
import { readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { prepareZXingModule, readBarcodes, type ReadResult } from 'zxing-wasm/reader'
import { isPng } from '../uploads/formats/png.ts'
import { codeLimits } from './limits.ts'
import { repackedPng } from './png.ts'
import type { FoundCode, ReadingAnswer } from './reader.ts'

const symbologies: Readonly<Record<string, FoundCode['symbology']>> = {
  QRCode: 'qr_code',
  DataMatrix: 'data_matrix',
  Code128: 'code_128',
}
/** FNC1 in the first place: the content is GS1 element strings. */
const gs1Identifiers = new Set([']Q3', ']d2', ']C1'])

const wasmBinary = readFileSync(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
prepareZXingModule({ overrides: { wasmBinary } })

const foundCode = ({
  format,
  text,
  bytes,
  symbologyIdentifier,
  position,
}: ReadResult): FoundCode => ({
  text,
  symbology: symbologies[format]!,
  symbology_identifier: symbologyIdentifier,
  gs1: gs1Identifiers.has(symbologyIdentifier),
  bytes: Buffer.from(bytes).toString('base64'),
  corners: [position.topLeft, position.topRight, position.bottomRight, position.bottomLeft],
})

async function codesIn(picture: Uint8Array): Promise<ReadingAnswer> {
  try {
    const results = await readBarcodes(isPng(picture) ? repackedPng(picture) : picture, {
      formats: ['QRCode', 'DataMatrix', 'Code128'],
      maxNumberOfSymbols: codeLimits.codesMax,
      // GS1 separators stay as they are in the code.
      textMode: 'Plain',
    })
    return results.some(result => !result.isValid) ? 'damaged' : results.map(foundCode)
  } catch {
    return 'damaged'
  }
}

// Outside a thread, as where the constants of the edge are gathered, nothing listens.
const port = parentPort
port?.on('message', (picture: Uint8Array) => {
  void codesIn(picture).then(answer => port.postMessage(answer))
})

/**
 * The thread that shows HEIC photos as JPEG, one after the other. A photo that takes long or makes
 * the decoder fail costs this thread and not the edge. The decoder is libheif as WebAssembly, inside
 * of its script; it loads nothing.
 */
import { parentPort } from 'node:worker_threads'
import { encode } from 'jpeg-js'
import libheif from 'libheif-js/wasm-bundle.js'
import { photoLimits } from './limits.ts'
import type { JpegAnswer } from './photos.ts'

async function jpegOf(photo: Uint8Array): Promise<JpegAnswer> {
  try {
    const [image] = new libheif.HeifDecoder().decode(photo)
    if (image === undefined) return 'damaged'
    const [width, height] = [image.get_width(), image.get_height()]
    if (width * height > photoLimits.pixelsMax) return 'damaged'
    const pixels = { data: new Uint8ClampedArray(width * height * 4), width, height }
    const isShown = await new Promise<boolean>(resolve => {
      image.display(pixels, shown => resolve(shown !== null))
    })
    image.free()
    return isShown ? encode(pixels, photoLimits.quality).data : 'damaged'
  } catch {
    return 'damaged'
  }
}

// Outside a thread, as where the constants of the edge are gathered, nothing listens.
const port = parentPort
port?.on('message', (photo: Uint8Array) => {
  void jpegOf(photo).then(answer => port.postMessage(answer))
})

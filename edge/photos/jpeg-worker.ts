/**
 * The thread that shows HEIC photos as JPEG, one after the other. A photo that takes long or makes
 * the decoder fail costs this thread and not the edge. The decoder is libheif as WebAssembly, inside
 * of its script; it loads nothing.
 *
 * Rejected: the class `HeifDecoder` of the package. It keeps each file until the next one, decodes in
 * a timer whose errors nobody can catch, and has no bound of pixels.
 */
import { parentPort } from 'node:worker_threads'
import { encode } from 'jpeg-js'
import libheif, { type HeifImage } from 'libheif-js/wasm-bundle.js'
import { photoLimits } from './limits.ts'
import type { JpegAnswer } from './photos.ts'

/**
 * Bounds the pictures that the bytes hold, whatever the boxes say: the field `max_image_size_pixels`
 * of `heif_security_limits`, which every file takes over. The function of the library that sets the
 * bound for one file does not bound these.
 */
function boundPictures(): void {
  const address = libheif.heif_get_global_security_limits()
  const limits = new DataView(libheif.HEAPU8.buffer, address)
  limits.setBigUint64(8, BigInt(photoLimits.pixelsMax), true)
}

async function jpegOf(photo: Uint8Array): Promise<JpegAnswer> {
  const context = libheif.heif_context_alloc()
  try {
    const { heif_error_Ok } = libheif.heif_error_code
    if (libheif.heif_context_read_from_memory(context, photo).code !== heif_error_Ok)
      return 'damaged'
    const handle = libheif.heif_js_context_get_primary_image_handle(context)
    try {
      const decoded = await libheif.heif_js_decode_image2(
        handle,
        libheif.heif_colorspace.heif_colorspace_RGB,
        libheif.heif_chroma.heif_chroma_interleaved_RGBA,
      )
      return 'image' in decoded ? encodedAndFreed(decoded) : 'damaged'
    } finally {
      libheif.heif_image_handle_release(handle)
    }
  } catch {
    return 'damaged'
  } finally {
    libheif.heif_context_free(context)
  }
}

function encodedAndFreed({ image, channels: [pixels] }: HeifImage): JpegAnswer {
  libheif.heif_image_release(image)
  if (pixels === undefined) return 'damaged'
  const { width, height, stride, data } = pixels
  if (width * height > photoLimits.pixelsMax) return 'damaged'
  // Rows of the decoder may end with bytes that are no pixels.
  const rows = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++)
    rows.set(data.subarray(y * stride, y * stride + width * 4), y * width * 4)
  return encode({ data: rows, width, height }, photoLimits.quality).data
}

// Outside a thread, as where the constants of the edge are gathered, nothing listens.
const port = parentPort
if (port !== null) boundPictures()
port?.on('message', (photo: Uint8Array) => {
  void jpegOf(photo).then(answer => port.postMessage(answer))
})

/** The part of libheif that is used; its package types it differently. Handles live in its memory. */
declare module 'libheif-js/wasm-bundle.js' {
  type Handle = { readonly handle: unique symbol }
  interface Channel {
    width: number
    height: number
    /** Bytes of a row. */
    stride: number
    data: Uint8Array
  }
  /** A picture in one interleaved channel. `image` must be released. */
  export interface HeifImage {
    image: Handle
    channels: Channel[]
  }
  interface Failure {
    code: object
  }
  const libheif: {
    heif_error_code: { heif_error_Ok: object }
    heif_colorspace: { heif_colorspace_RGB: object }
    heif_chroma: { heif_chroma_interleaved_RGBA: object }
    HEAPU8: Uint8Array
    /** An address in the memory. */
    heif_get_global_security_limits(): number
    heif_context_alloc(): Handle
    heif_context_free(context: Handle): void
    heif_context_read_from_memory(context: Handle, file: Uint8Array): Failure
    heif_js_context_get_primary_image_handle(context: Handle): Handle
    heif_js_decode_image2(
      handle: Handle,
      colorspace: object,
      chroma: object,
    ): HeifImage | Failure | Promise<HeifImage | Failure>
    heif_image_release(image: Handle): void
    heif_image_handle_release(handle: Handle): void
  }
  export default libheif
}

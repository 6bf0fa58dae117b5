/** Sets `UWS_HTTP_MAX_HEADERS_SIZE`, in bytes, unless it is set; see uws.ts, which must load this first. */
import { httpLimits } from './limits.ts'

process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(httpLimits.headBytesMax)

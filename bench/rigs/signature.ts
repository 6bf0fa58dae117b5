/**
 * Signatures of simulated people. A delivery may need a signature that its driver has uploaded, so
 * simulated drivers upload one.
 */
import type { RestClient } from '../../protocol/client/index.ts'

/** A PNG of 24 by 16 pixels. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAYAAAAMJL+VAAAASElEQVR4AeyTMQoAMAgDU1+en9vODooUHUQhgxAwOVBAaqUExTPwgJLwlCU6EFEWQeRfRBEh9CM67w88hZGNob+BCfC9lje4AAAA//961QT0AAAABklEQVQDAIFVSAnIjCvCAAAAAElFTkSuQmCC',
  'base64',
)

/** The body of an upload of one. */
export function signatureForm(): FormData {
  const form = new FormData()
  form.append('file', new Blob([picture], { type: 'image/png' }), 'signature.png')
  return form
}

/**
 * Uploads one as the signed-in driver, and gives the URL that the order takes. Throws when the
 * server refuses it.
 */
export async function uploadSignature(
  url: string,
  api: Pick<RestClient, 'accessToken'>,
): Promise<string> {
  const response = await fetch(`${url}/api/uploads/signature`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.accessToken()}` },
    body: signatureForm(),
  })
  const answer = (await response.json()) as { url?: string; detail?: string }
  if (answer.url === undefined)
    throw new Error(`the signature was refused with ${response.status}: ${answer.detail}`)
  return answer.url
}

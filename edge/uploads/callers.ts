/** The callers that the operations of this feature answer. */
import { signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  upload_proof: signedIn,
  upload_signature: signedIn,
  upload_picture: signedIn,
  upload_audio: signedIn,
  upload_prescription: signedIn,
  upload_document: signedIn,
  beginUpload: signedIn,
  getUpload: ['customer'],
  continueUpload: ['customer'],
  endUpload: ['customer'],
  download: ['customer', 'admin'],
}

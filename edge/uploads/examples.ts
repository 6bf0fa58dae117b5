/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const tus = { 'Tus-Resumable': '1.0.0' }

export const examples: Readonly<Record<string, Example>> = {
  upload_prescription: { as: 'customer', files: { file: 'prescription.jpg' }, status: 201 },
  upload_proof: { as: 'driver', files: { file: 'at-the-door.jpg' }, status: 201 },
  upload_signature: { as: 'driver', files: { file: 'signature.png' }, status: 201 },
  upload_document: { as: 'vendor', files: { file: 'licence.pdf' }, status: 201 },
  upload_picture: { as: 'customer', files: { file: 'portrait.png' }, status: 201 },
  upload_audio: { as: 'vendor', files: { file: 'answer.ogg' }, status: 201 },
  beginUpload: {
    as: 'customer',
    headers: { ...tus, 'Upload-Length': '100', 'Upload-Metadata': 'kind cHJlc2NyaXB0aW9u' },
    status: 201,
  },
  getUpload: { as: 'customer', params: { id: of.unfinished }, status: 200 },
  continueUpload: {
    as: 'customer',
    params: { id: of.unfinished },
    headers: {
      ...tus,
      'Upload-Offset': '0',
      'Upload-Checksum': 'sha256 5cYt9dq1yHtqAV7z1DWXB00e7EM7FfUa7GO4WC0OSrQ=',
    },
    raw: { contentType: 'application/offset+octet-stream', text: '%PDF-1.4\n' },
    status: 204,
  },
  endUpload: { as: 'customer', params: { id: of.unfinished }, headers: tus, status: 204 },
  download: { as: 'customer', params: { id: of.upload }, status: 200 },
}

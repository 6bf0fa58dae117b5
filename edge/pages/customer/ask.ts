/** The form that asks the pharmacies nearby, with a prescription when there is one. */
import type { RestClient } from '../../../protocol/client/index.ts'
import { byId } from '../shared/elements.ts'
import { fieldOf, onSubmit, textsOf } from '../shared/forms.ts'
import type { Session } from '../shared/session.ts'

type Asked = Awaited<ReturnType<RestClient['createRequest']>>

/** Makes the form send requests. `onAsked` gets the answer of each. */
export function askOnSubmit(session: Session, { onAsked }: { onAsked(answer: Asked): void }): void {
  const form = byId('ask', HTMLFormElement)
  onSubmit(form, async data => {
    const values = textsOf(data)
    const { medicine = '', notes = '' } = values
    const prescription = await sendPrescription(session.api, data.get('prescription'))
    const quantity = Number(values['quantity'])
    const answer = await session.api.createRequest({
      latitude: Number(values['latitude']),
      longitude: Number(values['longitude']),
      radius_km: Number(values['radius_km']),
      quantity,
      items: [{ name: medicine, quantity }],
      ...(notes !== '' && { notes }),
      ...(prescription !== null && { prescription_url: prescription }),
      expires_in_seconds: Number(values['expires_in_seconds']),
    })
    // The next request needs its own prescription.
    fieldOf(form, 'prescription').value = ''
    onAsked(answer)
  })
}

/** The URL of the uploaded file for the order; null when no file was chosen. */
async function sendPrescription(
  api: RestClient,
  file: FormDataEntryValue | null,
): Promise<string | null> {
  if (!(file instanceof File) || file.size === 0) return null
  return (await api.uploadFile('prescription', file)).url
}

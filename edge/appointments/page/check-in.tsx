/** Receives people by the code on their phones: a photo of it, or its letters. */
import { useState } from 'preact/hooks'
import { Field, Form } from '../../pages/base/form.tsx'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

/** As in the text of the codes that customers show: its appointment, then its secret. */
const checkInCode = /^caduceus:check-in:([0-9a-f-]{36}):([\w-]+)$/i

/** The form. A photo is read by the server, because few browsers read codes themselves. */
export function CheckIn({ office, onDone }: { office: Office; onDone(): Promise<void> }) {
  const { media, visits } = office.session.api
  const [said, setSaid] = useState('')
  const receive = async (texts: readonly string[]): Promise<void> => {
    const found = texts.map(text => checkInCode.exec(text.trim())).find(match => match !== null)
    if (found === undefined) throw new Error(say('calendar.no_code'))
    const { customer_name: name } = await visits.checkIn(found[1]!, found[0])
    setSaid(say('calendar.received', { name }))
    await onDone()
  }
  return (
    <Form
      id="check-in"
      submit={say('calendar.check_in')}
      onSubmit={async ({ code = '' }, form) => {
        setSaid('')
        const file = new FormData(form).get('photo')
        const hasPhoto = file instanceof File && file.size > 0
        await receive(
          hasPhoto ? (await media.readCodes(file)).codes.map(({ text }) => text) : [code],
        )
        form.reset()
      }}
    >
      <h2>{say('calendar.by_code')}</h2>
      <Field
        label={say('calendar.photo')}
        name="photo"
        type="file"
        accept="image/png,image/jpeg"
        capture="environment"
      />
      <Field label={say('calendar.code')} name="code" autocomplete="off" maxLength={200} />
      <p role="status">{said}</p>
    </Form>
  )
}

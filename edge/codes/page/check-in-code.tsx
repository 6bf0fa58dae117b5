/** The code that a customer shows at the pharmacy: a picture to scan, and its letters to read out. */
import { useEffect, useState } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import { Action } from '../../pages/base/form.tsx'
import { say } from '../../pages/texts/index.ts'

interface Props {
  api: RestClient
  appointmentId: string
  code: string
}

/** The picture comes on a press, because a list may have many codes. */
export function CheckInCode({ api, appointmentId, code }: Props) {
  const [picture, setPicture] = useState<string | null>(null)
  useEffect(() => () => void (picture !== null && URL.revokeObjectURL(picture)), [picture])
  return (
    <div class="small">
      {say('visit.code')} <code>{code}</code>{' '}
      {picture === null ? (
        <Action
          class="plain"
          onAct={async () => {
            const made = await api.media.writeCode({ appointment_id: appointmentId })
            setPicture(URL.createObjectURL(made))
          }}
        >
          {say('visit.show_code')}
        </Action>
      ) : (
        <img class="code" src={picture} alt={`${say('visit.code')} ${code}`} />
      )}
    </div>
  )
}

/**
 * The reminder of an appointment as a mail or an SMS. It names the pharmacy and the time, because
 * nobody comes to a place without them. It does not name the service, a note or a person: letters
 * lie open on screens.
 */
import type { Channel, Message } from '../messenger/carrier.ts'

/** Characters of the pharmacy's name in an SMS, which has 160 in all. */
const nameCharactersMax = 60

/** `timeZone`: that of the appointment. */
export function reminderLetter(
  channel: Channel,
  to: string,
  { pharmacy, startMs, timeZone }: { pharmacy: string; startMs: number; timeZone: string },
): Message {
  const when = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(startMs)
  const line = (name: string): string =>
    `You have an appointment at ${name} on ${when} (${timeZone}).`
  return channel === 'sms'
    ? { channel, to, subject: '', text: line([...pharmacy].slice(0, nameCharactersMax).join('')) }
    : {
        channel,
        to,
        subject: 'Your appointment',
        text: `${line(pharmacy)}\n\nTo move or to cancel it, open the app. To get no more of these letters, turn off reminders by e-mail in its notification settings.\n`,
      }
}

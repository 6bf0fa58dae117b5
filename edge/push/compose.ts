/** The parts of a message that leaves this system: the payload for a device, and a mail. */
import type { NotificationKind, NotificationSubject } from '../../protocol/notifications/kinds.ts'
import { mailTexts, type Language } from '../../protocol/notifications/texts.ts'

interface Told {
  newsId: string
  kind: NotificationKind
  about: { kind: NotificationSubject; id: string }
  atMs: number
}

/** The values for the app beside the text. The app asks for the rest with its token. */
export const payloadOf = ({ newsId, kind, about, atMs }: Told): Record<string, string> => ({
  id: newsId,
  kind,
  about_kind: about.kind,
  about_id: about.id,
  at: new Date(atMs).toISOString(),
})

/** A mail with these news. It has no link, because criminals send mails that ask people to click. */
export function mailOf(
  language: Language,
  lines: readonly string[],
): { subject: string; text: string } {
  const { subject, why } = mailTexts[language]
  return {
    subject: lines.length === 1 ? lines[0]! : subject,
    text: `${lines.join('\n')}\n\n${why}\n`,
  }
}

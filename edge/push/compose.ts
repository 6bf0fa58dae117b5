/** The parts of a message that leaves this system: the payload for a device, and a mail. */
import type { NotificationKind, NotificationSubject } from '../../protocol/notifications/kinds.ts'
import { reminderText } from '../../protocol/notifications/reminder.ts'
import { mailTexts, notificationText, type Language } from '../../protocol/notifications/texts.ts'

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

/** A news in words: `title` for the inbox and devices, `line` for mails and SMS. */
export interface Worded {
  title: string
  line: string
}

/** `visit`: of a reminder. */
export function worded(
  language: Language,
  { kind, data }: { kind: NotificationKind; data: Readonly<Record<string, string>> },
  visit: Parameters<typeof reminderText>[1] | null,
): Worded {
  const title = notificationText(language, kind, data)
  return { title, line: visit === null ? title : reminderText(language, visit) }
}

/** A mail with these news. It has no link, because criminals send mails that ask people to click. */
export function mailOf(
  language: Language,
  news: readonly Worded[],
): { subject: string; text: string } {
  const { subject, why } = mailTexts[language]
  return {
    subject: news.length === 1 ? news[0]!.title : subject,
    text: `${news.map(({ line }) => line).join('\n')}\n\n${why}\n`,
  }
}

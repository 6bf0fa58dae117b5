/**
 * The texts of notifications by language and kind. A text is made when it is read, in the language
 * of the reader. It may name an order by its number and nothing else: no medicine, no service, no
 * note and no person, because texts travel further than the app.
 */
import { rowOfKind, notificationSubjects, type NotificationKind } from './kinds.ts'

type Texts = Readonly<Record<NotificationKind, string>>

const en: Texts = {
  'order.requested': 'New request {order} near you.',
  'order.offered': 'The delivery of order {order} is offered to you.',
  'order.placed': 'New order {order}.',
  'order.accepted': 'A pharmacy has accepted your order {order}.',
  'order.rejected': 'The pharmacy cannot take your order {order}.',
  'order.expired': 'No pharmacy has taken your request {order}.',
  'order.cancelled': 'Order {order} was cancelled.',
  'order.no_driver': 'No driver was found for order {order}.',
  'order.driver_assigned': 'Order {order} has its driver.',
  'order.assigned_to_you': 'Order {order} is yours to deliver.',
  'order.driver_left': 'The driver of order {order} has left it.',
  'order.taken_from_you': 'Order {order} is no longer yours to deliver.',
  'order.driver_at_pickup': 'The driver of order {order} is at the pharmacy.',
  'order.picked_up': 'The driver has picked up your order {order}.',
  'order.out_for_delivery': 'Your order {order} is on its way to you.',
  'order.driver_at_door': 'The driver with your order {order} is at your door.',
  'order.chain_broken': 'The custody of order {order} is broken. Decide whether it goes on.',
  'order.excursion': 'Order {order} was too warm or too cold. A pharmacist must decide.',
  'order.delivered': 'Order {order} was delivered.',
  'order.failed': 'Order {order} could not be delivered.',
  'order.returning': 'Order {order} is on its way back to the pharmacy.',
  'order.returned': 'Order {order} is back at the pharmacy.',
  'appointment.requested': 'A customer has asked for an appointment.',
  'appointment.offered': 'A place on the waiting list is offered to you.',
  'appointment.accepted': 'A customer has taken the place that was offered.',
  'appointment.confirmed': 'Your appointment is confirmed.',
  'appointment.rescheduled': 'An appointment has another time.',
  'appointment.arrived': 'A customer has arrived for an appointment.',
  'appointment.cancelled': 'An appointment was cancelled.',
  'appointment.paper_revoked': 'A document that an appointment needs was revoked.',
  'appointment.missed': 'You have missed an appointment.',
  'appointment.reminder': 'You have an appointment soon.',
  'conversation.message': 'You have new messages.',
  'driver.registered': 'A driver has registered with your pharmacy.',
  'driver.asks_to_join': 'A driver asks to join your pharmacy.',
  'driver.membership_active': 'You now drive for the pharmacy.',
  'driver.membership_ended': 'The membership of a driver has ended.',
  'driver.off_duty': 'The pharmacy has taken you off duty.',
  'driver.duty_allowed': 'You may go on duty again.',
  'payment.action_required': 'Please confirm the payment of your order within ten minutes.',
  'payment.captured': 'Your order is paid.',
  'payment.refunded': 'Money for an order was given back to you.',
  'payment.refund_failed': 'Money for an order could not be given back to you.',
  'paper.approved': 'A paper of yours was approved.',
  'paper.rejected': 'A paper of yours was rejected. Hand in another one.',
  'paper.revoked': 'A paper of yours was revoked.',
  'paper.expiring': 'A paper of yours expires soon. Hand in the new one.',
  'paper.expired': 'A paper of yours has expired.',
  'vendor.approved': 'Your pharmacy was approved.',
  'vendor.rejected': 'Your pharmacy was not approved.',
  'vendor.suspended': 'Your pharmacy was suspended.',
  'vendor.move_approved': 'Your pharmacy is at its new place from now on.',
  'vendor.move_refused': 'The move of your pharmacy was refused.',
  'account.signed_in': 'Somebody has signed in to your account from a new place.',
  'account.password_changed': 'The password of your account was changed.',
  'account.email_changed': 'The e-mail address of your account was changed.',
  'account.phone_lost': 'Another account has proven your phone number.',
  'account.role_changed': 'The role of your account was changed.',
  'admin.pharmacies_wait': 'Pharmacies wait for your decision.',
}
const de: Texts = {
  'order.requested': 'Neue Anfrage {order} in Ihrer Nähe.',
  'order.offered': 'Die Lieferung der Bestellung {order} wird Ihnen angeboten.',
  'order.placed': 'Neue Bestellung {order}.',
  'order.accepted': 'Eine Apotheke hat Ihre Bestellung {order} angenommen.',
  'order.rejected': 'Die Apotheke kann Ihre Bestellung {order} nicht annehmen.',
  'order.expired': 'Keine Apotheke hat Ihre Anfrage {order} angenommen.',
  'order.cancelled': 'Die Bestellung {order} wurde storniert.',
  'order.no_driver': 'Für die Bestellung {order} wurde niemand zum Ausliefern gefunden.',
  'order.driver_assigned': 'Die Bestellung {order} ist einem Fahrer zugeteilt.',
  'order.assigned_to_you': 'Sie liefern die Bestellung {order} aus.',
  'order.driver_left': 'Der Fahrer der Bestellung {order} hat sie abgegeben.',
  'order.taken_from_you': 'Sie liefern die Bestellung {order} nicht mehr aus.',
  'order.driver_at_pickup': 'Der Fahrer der Bestellung {order} ist in der Apotheke.',
  'order.picked_up': 'Der Fahrer hat Ihre Bestellung {order} abgeholt.',
  'order.out_for_delivery': 'Ihre Bestellung {order} ist auf dem Weg zu Ihnen.',
  'order.driver_at_door': 'Der Fahrer mit Ihrer Bestellung {order} ist an Ihrer Tür.',
  'order.chain_broken':
    'Die Übergabekette der Bestellung {order} ist unterbrochen. Entscheiden Sie, ob sie weitergeht.',
  'order.excursion':
    'Die Bestellung {order} war zu warm oder zu kalt. Ein Apotheker muss entscheiden.',
  'order.delivered': 'Die Bestellung {order} wurde übergeben.',
  'order.failed': 'Die Bestellung {order} konnte nicht übergeben werden.',
  'order.returning': 'Die Bestellung {order} ist auf dem Rückweg zur Apotheke.',
  'order.returned': 'Die Bestellung {order} ist wieder in der Apotheke.',
  'appointment.requested': 'Jemand möchte einen Termin.',
  'appointment.offered': 'Ein Platz der Warteliste wird Ihnen angeboten.',
  'appointment.accepted': 'Der angebotene Platz wurde angenommen.',
  'appointment.confirmed': 'Ihr Termin ist bestätigt.',
  'appointment.rescheduled': 'Ein Termin wurde verlegt.',
  'appointment.arrived': 'Jemand ist zu einem Termin gekommen.',
  'appointment.cancelled': 'Ein Termin wurde abgesagt.',
  'appointment.paper_revoked': 'Ein Dokument, das ein Termin verlangt, wurde widerrufen.',
  'appointment.missed': 'Sie haben einen Termin versäumt.',
  'appointment.reminder': 'Sie haben bald einen Termin.',
  'conversation.message': 'Sie haben neue Nachrichten.',
  'driver.registered': 'Ein Fahrer hat sich bei Ihrer Apotheke angemeldet.',
  'driver.asks_to_join': 'Ein Fahrer möchte für Ihre Apotheke fahren.',
  'driver.membership_active': 'Sie fahren jetzt für die Apotheke.',
  'driver.membership_ended': 'Die Mitgliedschaft eines Fahrers ist beendet.',
  'driver.off_duty': 'Die Apotheke hat Sie aus dem Dienst genommen.',
  'driver.duty_allowed': 'Sie dürfen wieder in den Dienst gehen.',
  'payment.action_required':
    'Bitte bestätigen Sie die Zahlung Ihrer Bestellung innerhalb von zehn Minuten.',
  'payment.captured': 'Ihre Bestellung ist bezahlt.',
  'payment.refunded': 'Sie haben Geld für eine Bestellung zurückbekommen.',
  'payment.refund_failed': 'Geld für eine Bestellung konnte nicht zurückgezahlt werden.',
  'paper.approved': 'Eines Ihrer Dokumente wurde anerkannt.',
  'paper.rejected': 'Eines Ihrer Dokumente wurde abgelehnt. Reichen Sie ein anderes ein.',
  'paper.revoked': 'Eines Ihrer Dokumente wurde widerrufen.',
  'paper.expiring': 'Eines Ihrer Dokumente läuft bald ab. Reichen Sie das neue ein.',
  'paper.expired': 'Eines Ihrer Dokumente ist abgelaufen.',
  'vendor.approved': 'Ihre Apotheke wurde zugelassen.',
  'vendor.rejected': 'Ihre Apotheke wurde nicht zugelassen.',
  'vendor.suspended': 'Ihre Apotheke wurde gesperrt.',
  'vendor.move_approved': 'Ihre Apotheke ist ab jetzt am neuen Ort.',
  'vendor.move_refused': 'Der Umzug Ihrer Apotheke wurde abgelehnt.',
  'account.signed_in': 'Jemand hat sich von einem neuen Ort aus bei Ihrem Konto angemeldet.',
  'account.password_changed': 'Das Passwort Ihres Kontos wurde geändert.',
  'account.email_changed': 'Die E-Mail-Adresse Ihres Kontos wurde geändert.',
  'account.phone_lost': 'Ein anderes Konto hat Ihre Telefonnummer bestätigt.',
  'account.role_changed': 'Die Rolle Ihres Kontos wurde geändert.',
  'admin.pharmacies_wait': 'Apotheken warten auf Ihre Entscheidung.',
}
const ar: Texts = {
  'order.requested': 'طلب جديد {order} بالقرب منك.',
  'order.offered': 'عُرض عليك توصيل الطلب {order}.',
  'order.placed': 'طلب جديد {order}.',
  'order.accepted': 'قبلت صيدلية طلبك {order}.',
  'order.rejected': 'لا تستطيع الصيدلية تنفيذ طلبك {order}.',
  'order.expired': 'لم تقبل أي صيدلية طلبك {order}.',
  'order.cancelled': 'أُلغي الطلب {order}.',
  'order.no_driver': 'لم يُعثر على سائق للطلب {order}.',
  'order.driver_assigned': 'أصبح للطلب {order} سائق.',
  'order.assigned_to_you': 'أُسند إليك توصيل الطلب {order}.',
  'order.driver_left': 'ترك السائق الطلب {order}.',
  'order.taken_from_you': 'لم يعد الطلب {order} من توصيلك.',
  'order.driver_at_pickup': 'سائق الطلب {order} عند الصيدلية.',
  'order.picked_up': 'استلم السائق طلبك {order}.',
  'order.out_for_delivery': 'طلبك {order} في الطريق إليك.',
  'order.driver_at_door': 'السائق الذي يحمل طلبك {order} عند بابك.',
  'order.chain_broken': 'انقطعت سلسلة عهدة الطلب {order}. قرّروا هل يستمر.',
  'order.excursion': 'كان الطلب {order} دافئًا أو باردًا أكثر من اللازم. على صيدلي أن يقرّر.',
  'order.delivered': 'سُلّم الطلب {order}.',
  'order.failed': 'تعذّر تسليم الطلب {order}.',
  'order.returning': 'الطلب {order} في طريق العودة إلى الصيدلية.',
  'order.returned': 'عاد الطلب {order} إلى الصيدلية.',
  'appointment.requested': 'طلب أحد العملاء موعدًا.',
  'appointment.offered': 'عُرض عليك مكان من قائمة الانتظار.',
  'appointment.accepted': 'قبل أحد العملاء المكان المعروض.',
  'appointment.confirmed': 'تم تأكيد موعدك.',
  'appointment.rescheduled': 'تغيّر وقت أحد المواعيد.',
  'appointment.arrived': 'وصل أحد العملاء إلى موعده.',
  'appointment.cancelled': 'أُلغي أحد المواعيد.',
  'appointment.paper_revoked': 'أُلغي مستند يتطلبه أحد المواعيد.',
  'appointment.missed': 'لقد فاتك موعد.',
  'appointment.reminder': 'لديك موعد قريب.',
  'conversation.message': 'لديك رسائل جديدة.',
  'driver.registered': 'سجّل سائق لدى صيدليتك.',
  'driver.asks_to_join': 'يطلب سائق الانضمام إلى صيدليتك.',
  'driver.membership_active': 'أنت الآن سائق لدى الصيدلية.',
  'driver.membership_ended': 'انتهت عضوية أحد السائقين.',
  'driver.off_duty': 'أنهت الصيدلية مناوبتك.',
  'driver.duty_allowed': 'يمكنك العودة إلى المناوبة.',
  'paper.approved': 'قُبل أحد مستنداتك.',
  'paper.rejected': 'رُفض أحد مستنداتك. قدّم مستندًا آخر.',
  'paper.revoked': 'أُلغي قبول أحد مستنداتك.',
  'paper.expiring': 'ينتهي أحد مستنداتك قريبًا. قدّم المستند الجديد.',
  'paper.expired': 'انتهت صلاحية أحد مستنداتك.',
  'vendor.approved': 'قُبلت صيدليتك.',
  'vendor.rejected': 'لم تُقبل صيدليتك.',
  'vendor.suspended': 'أُوقفت صيدليتك.',
  'vendor.move_approved': 'صيدليتك في مكانها الجديد من الآن.',
  'vendor.move_refused': 'رُفض نقل صيدليتك.',
  'payment.action_required': 'أكّد دفع طلبك خلال عشر دقائق من فضلك.',
  'payment.captured': 'تم دفع طلبك.',
  'payment.refunded': 'أُعيد إليك مبلغ من طلب.',
  'payment.refund_failed': 'تعذّرت إعادة مبلغ طلب إليك.',
  'account.signed_in': 'سجّل أحدهم الدخول إلى حسابك من مكان جديد.',
  'account.password_changed': 'تغيّرت كلمة مرور حسابك.',
  'account.email_changed': 'تغيّر البريد الإلكتروني لحسابك.',
  'account.phone_lost': 'أثبت حساب آخر رقم هاتفك.',
  'account.role_changed': 'تغيّر دور حسابك.',
  'admin.pharmacies_wait': 'صيدليات تنتظر قرارك.',
}

export const notificationTexts = { en, de, ar } as const
export type Language = keyof typeof notificationTexts
/** The text of a message that a person sends to try a device. */
export const testTexts: Readonly<Record<Language, string>> = {
  en: 'Notifications reach this device.',
  de: 'Benachrichtigungen erreichen dieses Gerät.',
  ar: 'تصل الإشعارات إلى هذا الجهاز.',
}
/** The frame of a mail with news. */
export const mailTexts: Readonly<Record<Language, { subject: string; why: string }>> = {
  en: {
    subject: 'News from Caduceus',
    why: 'You can turn off mails like this one in the settings of the app.',
  },
  de: {
    subject: 'Neues von Caduceus',
    why: 'Mails wie diese können Sie in den Einstellungen der App abstellen.',
  },
  ar: {
    subject: 'أخبار من Caduceus',
    why: 'يمكنك إيقاف رسائل كهذه في إعدادات التطبيق.',
  },
}
const isLanguage = (tag: string): tag is Language => Object.hasOwn(notificationTexts, tag)
const placeholder = /\{(\w*)\}/g

/** The placeholders of a text, in their order. */
export const placeholdersOf = (text: string): string[] =>
  [...text.matchAll(placeholder)].map(([, name]) => name!)

/** The text of a notification. A value that is missing leaves its place empty. */
export const notificationText = (
  language: Language,
  kind: NotificationKind,
  data: Readonly<Record<string, string>>,
): string => {
  const names: readonly string[] = notificationSubjects[rowOfKind(kind).about]
  return notificationTexts[language][kind].replace(placeholder, (_, name: string) =>
    names.includes(name) ? (data[name] ?? '') : '',
  )
}

/** Entries of a header that are read. */
const entriesMax = 20

/** The language that the value of `Accept-Language` likes best, by RFC 9110; otherwise English. */
export function languageOf(accepted: string | undefined): Language {
  let best: { language: Language; quality: number } | null = null
  for (const entry of (accepted ?? '').split(',', entriesMax)) {
    const [range = '', ...parameters] = entry.split(';').map(part => part.trim().toLowerCase())
    const language = range.split('-', 1)[0]!
    if (!isLanguage(language)) continue
    const weight = parameters.find(part => part.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2))
    if (quality > 0 && quality > (best?.quality ?? 0)) best = { language, quality }
  }
  return best?.language ?? 'en'
}

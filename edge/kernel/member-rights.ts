/**
 * What the people of a pharmacy may do: each operation that a pharmacy may call, with the role that
 * it needs at least. An operation that does not stand here is for owners alone. A test compares the
 * table with the routes, so somebody decides for each new row.
 *
 * Sockets of a pharmacy are open to every member: they carry requests, orders, positions and
 * messages, and neither money nor settings.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { hasRightsOf, type MemberRole } from '../../protocol/pharmacies/members.ts'
import type { Identity } from './identity.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const operations: Readonly<Record<MemberRole, readonly string[]>> = {
  // Who works here, what leaves this system, and what the pharmacy is owed.
  owner: words(`
    inviteMember changeMember endMember
    createWebhookSubscription listWebhookSubscriptions getWebhookSubscription
    updateWebhookSubscription deleteWebhookSubscription rotateWebhookSecret
    listWebhookDeliveries getWebhookDelivery replayWebhookDelivery
    connectShop listIntegrations disconnectShop
    listLedgerAccounts listLedgerTransfers listPayouts getStatement exportStatement
    getInsightLetter setInsightLetter
    sanjevaniRegisterPharmacy sanjevaniCreatePharmacy`),
  // The pharmacy's record, its drivers, its services and its figures. Its tariff is for owners; see
  // `edge/pharmacies/changing.ts`.
  pharmacist: words(`
    updateVendor replacePharmacyProfile updatePharmacyProfile
    replaceSanjevaniPharmacy updateSanjevaniPharmacy closeSanjevaniPharmacy
    inviteDriver listInvitations revokeInvitation
    approveDriver endDriver removeDriver updateDriver updateDriverV1
    createDevice listDevices endDevice
    listDeliveries getEarnings getPerformance
    createService updateService
    createMainService updateMainService deleteMainService
    closeVendor reopenVendor appealRating
    listPayments listPaymentsV1 listRemittances decideRemittance
    decideBreak unlockHandover getCustodyPolicies setCustodyPolicies
    listReviews takeReview endReview decideDocument
    vendorReport driverReport exportReport exportOrders
    getInsights exportInsights getDriverInsights getServiceInsights`),
  // The own account, and the work at the counter.
  assistant: words(`
    me exportMe meV1 userMeV1 updateMe updateUserMeV1 changePassword
    verifyOtp verifyOtpV1 listSessions endSession logoutEverywhere
    issueTicket logout logoutV1 health healthAlias
    listMembers acceptMembership
    listVendors getVendor pharmacyProfile sanjevaniPharmacies sanjevaniPharmacy
    listRequests getRequest respondToRequest
    sanjevaniRequests sanjevaniResponse
    listVendorOrders listOrders getOrder updateOrder cancelOrder
    acceptOrder rejectOrder assignDriver findDriver listOrderEvents
    reissueTrackingToken listBreadcrumbs getCustody exportCustody
    packParcel scanPackage reportHandover nameAgent reportBreak
    recordTemperatures recordTemperatureFile getTemperatures
    getOrderPayment getPayment getPaymentV1 getReceipt
    listTrips getTrip cancelTrip quoteDelivery quoteDeliveryV1
    listDrivers listDriversV1 getDriver getDriverV1
    setDriverStatus setDriverStatusV1 listLocations getLocation
    listImports completeImport dismissImport
    createDocument listDocuments getDocument readDocument listRequirements
    listServices getService getAvailability listMainServices listClosures
    listAppointments getAppointment confirmAppointment rescheduleAppointment
    cancelAppointment checkIn completeStep completeAppointment markNoShow
    admitWalkIn listWaitlist leaveWaitlist
    createCalendarFeed listCalendarFeeds endCalendarFeed
    listRatings getRating
    openConversation listConversations searchMessages getConversation
    listMessages sendMessage takeBackMessage markRead
    reportConversation closeConversation
    listNotifications markNotificationsRead
    getNotificationPreferences setNotificationPreferences
    listPushDevices registerPushDevice forgetPushDevice testPushDevice
    upload_proof upload_signature upload_prescription upload_picture
    upload_document upload_audio download
    beginUpload getUpload continueUpload endUpload
    generateCode showCode scanCodes getSpeech transcribe findPlaces`),
}

/** By operationId, the role that the operation needs at least. */
export const memberRights: ReadonlyMap<string, MemberRole> = new Map(
  Object.entries(operations).flatMap(([role, ids]) =>
    ids.map(id => [id, role as MemberRole] as const),
  ),
)

/** The caller's role at the own pharmacy; an account without a pharmacy may found one. */
export const memberRoleOf = ({ memberRole = 'owner' }: Pick<Identity, 'memberRole'>): MemberRole =>
  memberRole

/** Assistants do not see what drivers earn. */
export const seesEarnings = (identity: Pick<Identity, 'role' | 'memberRole'>): boolean =>
  identity.role !== 'vendor' || hasRightsOf(memberRoleOf(identity), 'pharmacist')

/** Throws `forbidden` for a member of a pharmacy with a lesser role. */
export function requireRole(identity: Identity, least: MemberRole, what = 'this'): void {
  if (identity.role === 'vendor' && !hasRightsOf(memberRoleOf(identity), least))
    throw new CaduceusError(
      'forbidden',
      `${what} is for ${least === 'owner' ? 'owners' : 'owners and pharmacists'} of the pharmacy; you are its ${memberRoleOf(identity)}`,
    )
}

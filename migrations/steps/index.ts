/**
 * All migrations, in order. A static list and not a folder that is read: the compiler checks it, a
 * stray file is not run, and it works from any bundle. A released migration is never edited.
 */
import type { Migration } from 'kysely'
import { spine } from './0001_spine.ts'
import { accountProofs } from './0002_accounts.ts'
import { around } from './0003_around.ts'
import { ordersPeople } from './0004_orders_people.ts'
import { storedUploads } from './0005_uploads.ts'
import { webhooks } from './0006_webhooks.ts'
import { parkedCommands } from './0007_parked_commands.ts'
import { endedAccess } from './0008_ended_access.ts'
import { orderParts } from './0009_order_parts.ts'
import { slotProgress } from './0010_slot_progress.ts'
import { auditStrangers } from './0011_audit_strangers.ts'
import { approval } from './0012_approval.ts'
import { normalText } from './0014_normal_text.ts'
import { eventActors } from './0015_event_actors.ts'
import { resumableUploads } from './0017_resumable_uploads.ts'
import { policies } from './0018_policies.ts'
import { currency } from './0019_currency.ts'
import { stores } from './0020_stores.ts'
import { devices } from './0022_devices.ts'
import { ratings } from './0023_ratings.ts'
import { conversations } from './0024_conversations.ts'
import { appointments } from './0025_appointments.ts'
import { profiles } from './0026_profiles.ts'
import { insights } from './0027_insights.ts'
import { conversationGenerations } from './0029_conversation_generations.ts'
import { notifications } from './0032_notifications.ts'
import { lettersAndMembers } from './0033_letters_and_members.ts'
import { custody } from './0034_custody.ts'
import { papers } from './0035_papers.ts'
import { pushDevices } from './0036_push_devices.ts'
import { ledger } from './0037_ledger.ts'
import { notificationDeliveries } from './0039_notification_deliveries.ts'
import { configuration } from './0052_configuration.ts'
import { custodyPolicies } from './0053_custody_policies.ts'
import { requirementGrace } from './0041_requirement_grace.ts'
import { payments } from './0042_payments.ts'
import { paymentRequests } from './0043_payment_requests.ts'
import { members } from './0044_members.ts'
import { verification } from './0045_verification.ts'
import { erasures } from './0048_erasures.ts'
import { waitingForPapers } from './0050_waiting_for_papers.ts'
import { oneOutbox } from './0051_one_outbox.ts'
import { ledgerWaiting } from './0054_ledger_waiting.ts'
import { temperatures } from './0055_temperatures.ts'
import { keys } from './0057_keys.ts'
import { payouts } from './0060_payouts.ts'
import { moneyFacts } from './0061_money_facts.ts'
import { ledgerHolds } from './0062_ledger_holds.ts'
import { sealedConversations } from './0065_sealed_conversations.ts'
import { paymentsByStatus } from './0059_payments_by_status.ts'

export const migrations: Record<string, Migration> = {
  '0001_spine': spine,
  '0002_accounts': accountProofs,
  '0003_around': around,
  '0004_orders_people': ordersPeople,
  '0005_uploads': storedUploads,
  '0006_webhooks': webhooks,
  '0007_parked_commands': parkedCommands,
  '0008_ended_access': endedAccess,
  '0009_order_parts': orderParts,
  '0010_slot_progress': slotProgress,
  '0011_audit_strangers': auditStrangers,
  '0012_approval': approval,
  '0014_normal_text': normalText,
  '0015_event_actors': eventActors,
  '0017_resumable_uploads': resumableUploads,
  '0018_policies': policies,
  '0019_currency': currency,
  '0020_stores': stores,
  '0022_devices': devices,
  '0023_ratings': ratings,
  '0024_conversations': conversations,
  '0025_appointments': appointments,
  '0026_profiles': profiles,
  '0027_insights': insights,
  '0029_conversation_generations': conversationGenerations,
  '0032_notifications': notifications,
  '0033_letters_and_members': lettersAndMembers,
  '0034_custody': custody,
  '0035_papers': papers,
  '0036_push_devices': pushDevices,
  '0037_ledger': ledger,
  '0039_notification_deliveries': notificationDeliveries,
  '0041_requirement_grace': requirementGrace,
  '0042_payments': payments,
  '0043_payment_requests': paymentRequests,
  '0044_members': members,
  '0045_verification': verification,
  '0048_erasures': erasures,
  '0050_waiting_for_papers': waitingForPapers,
  '0051_one_outbox': oneOutbox,
  '0052_configuration': configuration,
  '0053_custody_policies': custodyPolicies,
  '0054_ledger_waiting': ledgerWaiting,
  '0055_temperatures': temperatures,
  '0057_keys': keys,
  '0059_payments_by_status': paymentsByStatus,
  '0060_payouts': payouts,
  '0061_money_facts': moneyFacts,
  '0062_ledger_holds': ledgerHolds,
  '0065_sealed_conversations': sealedConversations,
}

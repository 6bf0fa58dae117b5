/** Conversations between customers, pharmacies, drivers and support. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { access } from './callers.ts'
import { readConversationsConfig } from './config.ts'
import { hearEndings } from './endings.ts'
import { examples } from './examples.ts'
import { closeSilent, deleteOld, endEnded } from './housekeeping.ts'
import { hearPresence } from './presence.ts'
import { Reconnected } from './reconnected.ts'
import { conversationRoutes, type ConversationsContext } from './routes.ts'
import { sealStored } from './seal-stored.ts'
import { openChat } from './socket.ts'
import { ReportView, supportRoutes } from './support-routes.ts'
import { ConversationView } from '../../protocol/conversations/view.ts'
import { Entry } from '../../protocol/conversations/parts.ts'

export const conversations = feature<Kernel & ConversationsContext & WithStandings>()({
  name: 'conversations',
  config: readConversationsConfig,
  routes: parts => [...conversationRoutes(parts), ...supportRoutes(parts)],
  sockets(parts) {
    const reconnected = new Reconnected(parts)
    const stops = [hearPresence(parts), hearEndings(parts), () => reconnected.stop()]
    parts.hub.onDrain(() => {
      for (const stop of stops) stop()
    })
    return [
      {
        path: '/ws/chat',
        role: 'chat',
        targetKind: 'users',
        open: (session, entrance) => openChat(parts, reconnected, session, entrance),
      },
    ]
  },
  jobs: {
    end_with_subject: every(5, 'Ends conversations whose order has ended', endEnded),
    close_quiet: every(60, 'Closes conversations with support that nobody uses', closeSilent),
    seal_stored: every(60, 'Encrypts what was said before there was a key', sealStored),
    delete_old: every(60, 'Deletes conversations that were closed long ago', deleteOld),
  },
  named: {
    Conversation: ConversationView,
    ConversationEntry: Entry,
    ConversationReport: ReportView,
  },
  tags: { conversations: 'Conversations of customers, pharmacies, drivers and support' },
  access,
  examples,
  answers: 'edge/conversations/answers.json',
})

/** Approval: decisions upon pharmacies and drivers, and their immediate effects. */
import { closeCodes } from '../../protocol/kernel/errors.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { Session } from '../kernel/session.ts'
import { access } from './callers.ts'
import { tellAdministrators } from './applicants.ts'
import { driverApprovalRoutes } from './driver-routes.ts'
import { examples } from './examples.ts'
import { createInvitationTries, deleteOldInvitations } from './invitations.ts'
import { LastParcels } from './last-parcels.ts'
import { openRegistrationWarning, readRegistrationConfig } from './registration.ts'
import { createStandings } from './standing.ts'
import type { Standings } from '../kernel/standing.ts'
import { startSuspensions } from './suspension.ts'
import { approvalMessage, newsById } from './telling.ts'
import { ApprovalView, approvalRoutes } from './routes.ts'

/** Sends decisions to sockets, and closes the sockets of callers who may not work any more. */
function watchSockets(kernel: Kernel, standings: Standings): void {
  const { hub } = kernel
  const lastParcels = new LastParcels<Session>(kernel, session =>
    session.close(closeCodes.wrongRole, 'the last parcel was handed over'),
  )
  hub.addGuard((session, identity) => {
    const taken = standings.taken(identity)
    // A driver with an order under way keeps the socket for it and gets no more offers.
    const left = taken ?? identity.standing
    if (left?.access === 'carrying' && identity.driverId !== null)
      lastParcels.note(session, identity.driverId)
    return taken === null || taken.access === 'carrying'
      ? null
      : { closeCode: closeCodes.wrongRole, reason: taken.why }
  })
  hub.onRemove(session => lastParcels.forget(session))
  hub.onDrain(() => lastParcels.stop())
  standings.onNews(news => {
    const byId = newsById(news)
    hub.forEach(session => {
      const told = approvalMessage(byId, session.identity)
      if (told !== null) session.push(told)
      hub.closeIfEnded(session)
    })
  })
}

export const approval = feature<
  Kernel & WithConfig<AccountsConfig> & WithEndedAccess & WithMessenger
>()({
  name: 'approval',
  config: readRegistrationConfig,
  services(kernel) {
    const standings = createStandings(kernel)
    watchSockets(kernel, standings)
    return { standings, invitationTries: createInvitationTries(kernel.nowMs) }
  },
  routes: parts => [
    ...approvalRoutes(parts),
    ...driverApprovalRoutes(parts, parts.invitationTries),
  ],
  async prepare({ config, log, standings }) {
    await standings.announce()
    if (config.registration === 'open') log.warn(openRegistrationWarning)
  },
  start: parts => startSuspensions(parts, parts.after),
  jobs: {
    delete_old_invitations: every(10, 'Deletes old invitations of drivers', deleteOldInvitations),
    write_to_administrators: every(
      10,
      'Writes to administrators about pharmacies that wait for a decision',
      tellAdministrators,
    ),
  },
  close: ({ standings }) => standings.close(),
  named: { Approval: ApprovalView },
  access,
  examples,
  answers: 'edge/approval/answers.json',
})

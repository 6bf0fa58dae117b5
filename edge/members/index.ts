/** Members: the people of a pharmacy, each with an account and a role. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { deleteOldInvitations } from './members.ts'
import { memberRoutes, MemberView, type MemberRouteContext } from './routes.ts'

export const members = feature<MemberRouteContext>()({
  name: 'members',
  routes: memberRoutes,
  jobs: {
    delete_old_invitations: every(60, 'Deletes old invitations of members', deleteOldInvitations),
  },
  named: { Member: MemberView },
  tags: { members: 'The people of a pharmacy and their roles' },
  access,
  examples,
  answers: 'edge/members/answers.json',
})

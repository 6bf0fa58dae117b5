/**
 * A dispatch policy is one row of its table. Commands, events and the directory take exactly the
 * policies of the table.
 */
import t from 'tap'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { commandSchemas } from '../dispatch/commands.ts'
import { orderEvents } from '../dispatch/order-events.ts'
import { DirectoryPharmacy } from '../dispatch/directory.ts'
import { dispatchPolicies, policyTable, searchPolicies, searchPolicyOf } from './policies.ts'

const names = [...dispatchPolicies, 'nearest', '']
const takes = (schema: TSchema): string[] => names.filter(name => Check(schema, name))

t.test('schemas take the policies of the table and no other', async t => {
  t.same(takes(DirectoryPharmacy.properties.dispatch_policy), dispatchPolicies)
  t.same(takes(commandSchemas.order.find_driver.properties.policy), searchPolicies)
  t.same(takes(orderEvents.driver_search_started.data.properties.policy), searchPolicies)
})

t.test('a pharmacy searches by its policy only if the policy searches', async t => {
  for (const policy of dispatchPolicies)
    t.equal(searchPolicyOf(policy), policyTable[policy].searches ? policy : null, policy)
  t.same(
    [searchPolicyOf('nearest'), searchPolicyOf(undefined)],
    [null, null],
    'a policy of a newer release does not search',
  )
})

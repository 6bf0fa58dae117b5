/**
 * A policy is one row of its table: commands, events and the directory take what is there and
 * nothing else.
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

t.test('each list of policies is the table', async t => {
  t.same(takes(DirectoryPharmacy.properties.dispatch_policy), dispatchPolicies)
  t.same(takes(commandSchemas.order.find_driver.properties.policy), searchPolicies)
  t.same(takes(orderEvents.driver_search_started.data.properties.policy), searchPolicies)
})

t.test('a pharmacy searches by its policy, or by none', async t => {
  for (const policy of dispatchPolicies)
    t.equal(searchPolicyOf(policy), policyTable[policy].searches ? policy : null, policy)
  t.same(
    [searchPolicyOf('nearest'), searchPolicyOf(undefined)],
    [null, null],
    'one that only a newer release knows does not search here',
  )
})

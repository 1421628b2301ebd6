import type { SubscriptionGroupConfig } from '../../model/group.ts'
import type { Invoker } from '../invoker.ts'
import { bodyOf } from '../name-servers.ts'

/** Configurations asked for at once; a broker may give fewer. */
export const pageSize = 1000

/** All groups of a broker, its own included. */
export async function groupsOn(invoker: Invoker, address: string): Promise<SubscriptionGroupConfig[]> {
  const groups: SubscriptionGroupConfig[] = []
  for (;;) {
    const reply = await invoker.invoke(address, 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG', {
      header: { groupSeq: groups.length, dataVersion: '', maxGroupNum: pageSize },
      body: undefined,
    })
    const page = bodyOf(reply, `groups of ${address}`).groups
    groups.push(...page)
    if (page.length === 0 || groups.length >= (reply.header?.totalGroupNum ?? 0)) return groups
  }
}

import type { MqAdmin, Reach, Scope, Target } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import { flagKinds } from './flag-kinds.ts'

/** Every folder's cluster, fixed at its creation. */
const folderCluster = 'DefaultCluster'

/** mqadmin's -b and -c; what a command does with them is the same everywhere. */
export const scopeFlags = {
  brokerAddr: flagKinds.text({ char: 'b', description: 'on this broker, ip:port' }),
  clusterName: flagKinds.text({ char: 'c', description: 'on the masters of this cluster' }),
}

/** One of both; a folder needs none. @throws MQ_USAGE */
export function scopeOf(
  {
    brokerAddr,
    clusterName,
  }: { readonly brokerAddr?: string | undefined; readonly clusterName?: string | undefined },
  target: Target,
): Scope {
  if (brokerAddr !== undefined && clusterName !== undefined)
    throw new MqError('MQ_USAGE', '-b and -c exclude each other')
  if (brokerAddr !== undefined) return { brokerAddr }
  return clusterOf(clusterName, target, 'one of -b, --brokerAddr and -c, --clusterName is needed')
}

/** The brokers of a scope. */
export async function addressesIn(scope: Scope, cluster: MqAdmin['cluster']): Promise<readonly string[]> {
  return 'brokerAddr' in scope ? [scope.brokerAddr] : cluster.masters(scope.clusterName)
}

/** Of commands that clean up: neither of both is everywhere, as for mqadmin. @throws MQ_USAGE */
export function reachOf(
  {
    brokerAddr,
    cluster,
  }: { readonly brokerAddr?: string | undefined; readonly cluster?: string | undefined },
  target: Target,
): Reach {
  if (brokerAddr === undefined && cluster === undefined) return 'everywhere'
  return scopeOf({ brokerAddr, clusterName: cluster }, target)
}

/** A folder has one only. @throws MQ_USAGE */
export function clusterOf(
  clusterName: string | undefined,
  target: Target,
  missing = '-c, --clusterName is needed',
): { readonly clusterName: string } {
  if (clusterName !== undefined) return { clusterName }
  if (target.kind === 'folder') return { clusterName: folderCluster }
  throw new MqError('MQ_USAGE', missing, { hint: 'list both with `clusterList`' })
}

/** The broker that -b names; a folder has one. @throws MQ_USAGE */
export async function brokersOf(
  admin: MqAdmin,
  brokerAddr: string | undefined,
  target: Target,
): Promise<readonly string[]> {
  if (brokerAddr !== undefined) return [brokerAddr]
  if (target.kind !== 'folder') {
    throw new MqError('MQ_USAGE', '-b, --brokerAddr is needed', { hint: 'list brokers with `clusterList`' })
  }
  return (await admin.cluster.members()).map((broker) => broker.brokerAddr)
}

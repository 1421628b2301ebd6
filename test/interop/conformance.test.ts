import { connect } from '../../src/core/connect.ts'
import { type ConformanceTarget, conformanceSuite } from '../conformance/suite.ts'
import { targets } from './targets.ts'

async function realCluster(serializeType: 'json' | 'binary'): Promise<ConformanceTarget> {
  const { namesrv } = await targets['real RocketMQ 5.5.0']()
  const admin = await connect({ kind: 'cluster', namesrv: [namesrv] }, { serializeType })
  return {
    clusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    // enablePropertyFilter is off by default
    filtersBySql92: false,
    admin,
    close: () => admin.close(),
  }
}

conformanceSuite('a real RocketMQ 5.5.0 cluster, JSON headers', () => realCluster('json'))
conformanceSuite('a real RocketMQ 5.5.0 cluster, binary headers', () => realCluster('binary'))

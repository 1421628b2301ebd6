import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../src/core/connect.ts'
import { serve } from '../../src/core/embedded/serve.ts'
import { conformanceSuite, type ConformanceTarget } from './suite.ts'

const ours = { clusterName: 'DefaultCluster', brokerName: 'broker-a', filtersBySql92: true }

async function folder(): Promise<ConformanceTarget> {
  const store = mkdtempSync(join(tmpdir(), 'pocketmq-conformance-'))
  const admin = await connect({ kind: 'folder', store })
  return {
    ...ours,
    admin,
    async close() {
      await admin.close()
      rmSync(store, { recursive: true, force: true })
    },
  }
}

async function server(serializeType: 'json' | 'binary'): Promise<ConformanceTarget> {
  const served = await serve({ store: null, port: 0 })
  const admin = await connect({ kind: 'cluster', namesrv: [served.address] }, { serializeType })
  return {
    ...ours,
    admin,
    async close() {
      await admin.close()
      await served.close()
    },
  }
}

conformanceSuite('a folder', folder)
conformanceSuite('our server, JSON headers', () => server('json'))
conformanceSuite('our server, binary headers', () => server('binary'))

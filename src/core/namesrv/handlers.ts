import { MqError } from '../errors.ts'
import { crc32 } from '../lib/crc32.ts'
import { decodeRegistration } from '../remoting/bodies/broker-registration.ts'
import type { Handlers } from '../remoting/handlers.ts'
import type { CallOf } from '../remoting/requests/index.ts'
import type { Registration, Routes } from './routes.ts'

/** Entries by namespace; KVConfigManager. */
export interface KvConfig {
  get(namespace: string, key: string): string | null
  put(namespace: string, key: string, value: string): void
  remove(namespace: string, key: string): void
  /** Null for a namespace without entries. */
  list(namespace: string): Readonly<Record<string, string>> | null
}

/** NamesrvUtil.NAMESPACE_ORDER_TOPIC_CONFIG: brokers are told of it when they register. */
const orderNamespace = 'ORDER_TOPIC_CONFIG'

/** NamesrvConfig's names, for what ours does. */
const namesrvProperties = {
  clusterTest: 'false',
  deleteTopicWithBrokerRegistration: 'false',
  enableAllTopicList: 'true',
  enableTopicList: 'true',
  needWaitForService: 'false',
  orderMessageEnable: 'false',
  returnOrderTopicConfigToBroker: 'true',
  scanNotActiveBrokerInterval: '5000',
}

/** What everybody asks: ClientRequestProcessor and DefaultRequestProcessor, 100, 101, 102, 105, 106, 206,
216, 219, 224. */
export function namesrvHandlers(routes: Routes, kvConfig: KvConfig): Handlers {
  return {
    GET_NAMESRV_CONFIG(_context, _call, reply) {
      reply({ body: namesrvProperties })
    },
    UPDATE_NAMESRV_CONFIG(_context, { body }) {
      const names = Object.keys(body).join(', ')
      throw new MqError('MQ_NO_PERMISSION', `${names} cannot be changed while the name server runs`)
    },
    GET_ROUTEINFO_BY_TOPIC({ localAddress }, { header }, reply) {
      const route = routes.route(header.topic, localAddress)
      if (route === null) {
        throw new MqError(
          'MQ_TOPIC_NOT_EXIST',
          `No topic route info in name server for the topic: ${header.topic}`,
        )
      }
      reply({ body: route })
    },
    GET_BROKER_CLUSTER_INFO({ localAddress }, _call, reply) {
      reply({ body: routes.clusterInfo(localAddress) })
    },
    GET_ALL_TOPIC_LIST_FROM_NAMESERVER(_context, _call, reply) {
      reply({ body: routes.topicNames() })
    },
    PUT_KV_CONFIG(_context, { header }, reply) {
      kvConfig.put(header.namespace, header.key, header.value)
      reply({})
    },
    DELETE_KV_CONFIG(_context, { header }, reply) {
      kvConfig.remove(header.namespace, header.key)
      reply({})
    },
    GET_KVLIST_BY_NAMESPACE(_context, { header }, reply) {
      const entries = kvConfig.list(header.namespace)
      if (entries === null)
        throw new MqError('MQ_NOT_FOUND', `No config item, Namespace: ${header.namespace}`)
      reply({ body: entries })
    },
    DELETE_TOPIC_IN_NAMESRV(_context, { header }, reply) {
      routes.forgetTopic(header.topic, header.clusterName ?? null)
      reply({})
    },
    GET_TOPICS_BY_CLUSTER({ localAddress }, { header }, reply) {
      reply({
        body: routes.topicNames(routes.clusterInfo(localAddress).clusterAddrTable[header.cluster] ?? []),
      })
    },
    GET_KV_CONFIG(_context, { header }, reply) {
      const value = kvConfig.get(header.namespace, header.key)
      if (value === null) {
        throw new MqError('MQ_NOT_FOUND', `No config item, Namespace: ${header.namespace} Key: ${header.key}`)
      }
      reply({ header: { value } })
    },
  }
}

/** What brokers of other processes ask: DefaultRequestProcessor, 103, 104, 205, 322, 327, 901, 904. */
export function registrationHandlers(routes: Routes, kvConfig: KvConfig): Handlers {
  return {
    REGISTER_BROKER({ channel }, call, reply) {
      const master = routes.register(registrationOf(call), channel)
      const orders = kvConfig.list(orderNamespace)
      reply({ header: { ...master }, ...(orders === null ? {} : { body: orders }) })
    },
    UNREGISTER_BROKER(_context, { header }, reply) {
      routes.unregister({ ...header, cluster: header.clusterName })
      reply({})
    },
    BROKER_HEARTBEAT(_context, { header }, reply) {
      routes.heartbeat({ ...header, cluster: header.clusterName })
      reply({})
    },
    QUERY_DATA_VERSION(_context, { header, body }, reply) {
      const address = { ...header, cluster: header.clusterName }
      const changed = routes.isChanged(address, body)
      routes.heartbeat(address)
      const known = routes.registeredVersion(address)
      reply({ header: { changed }, ...(known === null ? {} : { body: known }) })
    },
    GET_BROKER_MEMBER_GROUP({ localAddress }, { header }, reply) {
      const { clusterName: cluster, brokerName } = header
      const brokerAddrs = routes.members(brokerName, localAddress)?.brokerAddrs ?? {}
      reply({ body: { cluster, brokerName, brokerAddrs } })
    },
    WIPE_WRITE_PERM_OF_BROKER(_context, { header }, reply) {
      reply({ header: { wipeTopicCount: routes.changePerm(header.brokerName, 'wipe') } })
    },
    ADD_WRITE_PERM_OF_BROKER(_context, { header }, reply) {
      reply({ header: { addTopicCount: routes.changePerm(header.brokerName, 'add') } })
    },
  }
}

/** @throws MQ_FAILED, and what decodeRegistration throws */
function registrationOf({ header, body }: CallOf<'REGISTER_BROKER'>): Registration {
  const { bodyCrc32 = 0, compressed = false, clusterName: cluster } = header
  if (bodyCrc32 !== 0 && bodyCrc32 !== crc32(body)) throw new MqError('MQ_FAILED', 'crc32 not match')
  return {
    ...decodeRegistration(body, compressed),
    cluster,
    brokerName: header.brokerName,
    brokerId: header.brokerId,
    brokerAddr: header.brokerAddr,
    haServerAddr: header.haServerAddr,
    heartbeatTimeoutMs: header.heartbeatTimeoutMillis ?? null,
    enableActingMaster: header.enableActingMaster ?? null,
  }
}

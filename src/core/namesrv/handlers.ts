import { MqError } from '../errors.ts'
import type { Handlers } from '../remoting/handlers.ts'
import type { Routes } from './routes.ts'

/** Entries by namespace; KVConfigManager. */
export interface KvConfig {
  get(namespace: string, key: string): string | null
  put(namespace: string, key: string, value: string): void
  remove(namespace: string, key: string): void
  list(namespace: string): Record<string, string>
}

/** ClientRequestProcessor and DefaultRequestProcessor: 100, 101, 102, 105, 106, 206, 216, 219, 224. */
export function namesrvHandlers(routes: Routes, kvConfig: KvConfig): Handlers {
  return {
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
      if (Object.keys(entries).length === 0)
        throw new MqError('MQ_NOT_FOUND', `No config item, Namespace: ${header.namespace}`)
      reply({ body: entries })
    },
    DELETE_TOPIC_IN_NAMESRV(_context, _call, reply) {
      // routes come from the broker of this process: when it has no such topic, there is no route
      reply({})
    },
    GET_TOPICS_BY_CLUSTER({ localAddress }, { header }, reply) {
      const known = header.cluster in routes.clusterInfo(localAddress).clusterAddrTable
      reply({ body: known ? routes.topicNames() : [] })
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

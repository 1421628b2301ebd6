import { MqError } from '../errors.ts'
import type { Handlers } from '../remoting/handlers.ts'
import type { Routes } from './routes.ts'

/** Entries by namespace; KVConfigManager. */
export interface KvConfig {
  get(namespace: string, key: string): string | null
  put(namespace: string, key: string, value: string): void
}

/** ClientRequestProcessor and DefaultRequestProcessor: 100, 101, 105, 106, 206. */
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
    GET_KV_CONFIG(_context, { header }, reply) {
      const value = kvConfig.get(header.namespace, header.key)
      if (value === null) {
        throw new MqError('MQ_NOT_FOUND', `No config item, Namespace: ${header.namespace} Key: ${header.key}`)
      }
      reply({ header: { value } })
    },
  }
}

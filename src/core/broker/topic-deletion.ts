import type { Broker } from './broker.ts'

/**
 * Deletes a topic with all it holds. Nobody is told: clients see at their next route.
 * @throws MQ_INVALID_PARAMETER for a system topic, and as Store.append
 */
export function deleteTopic(broker: Broker, name: string): void {
  broker.topics.checkDelete(name)
  // its messages first: a topic that is made anew must not show them
  broker.offsets.store()
  broker.store.deleteTopic(name)
  broker.topics.remove(name)
}

/** Deletes what is left of topics that have no configuration; DefaultMessageStore.cleanUnusedTopic. */
export function cleanUnusedTopics(broker: Broker): void {
  broker.offsets.store()
  const names = new Set(broker.store.extents().map(({ topic }) => topic))
  for (const name of names) if (broker.topics.get(name) === null) broker.store.deleteTopic(name)
}

import type { Clock } from '../lib/clock.ts'

/**
 * Within it a client has asked for the route, every 30 s, and sent the heartbeat after that, some 1 s later.
 */
const newForMs = 35_000

/**
 * Topics whose queues, or the permission to use them, are others than a short while ago. A RocketMQ client
 * hears of it when it asks a name server, every 30 s, and shares the queues out every 20 s: 50 s until a
 * consumer uses a queue that was added. But it does so at once when it is told that its group has changed;
 * and its heartbeats, every 30 s as well, follow the routes by a second (MQClientInstance.startScheduledTask,
 * and the Go client). So who sends a heartbeat while a topic of its groups is in here is told, and uses the
 * queue within 32 s: each client once or twice for a change, however many there are, whoever its name server
 * is, and without a timer. A broker that joins needs none of it: RocketMQ's clients send it a heartbeat once
 * they have the route, and are told then that they have joined.
 */
export class QueueChanges {
  readonly #clock: Clock
  /** Topic to epoch ms, oldest first. */
  readonly #changedAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(topic: string): void {
    this.#forget()
    this.#changedAt.delete(topic)
    this.#changedAt.set(topic, this.#clock.now())
  }

  has(topic: string): boolean {
    this.#forget()
    return this.#changedAt.has(topic)
  }

  /** What is no longer new. */
  #forget(): void {
    const before = this.#clock.now() - newForMs
    for (const [topic, changedAt] of this.#changedAt) {
      if (changedAt >= before) return
      this.#changedAt.delete(topic)
    }
  }
}

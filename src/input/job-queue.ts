import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { PopConsumer, PoppedMessage } from '../core/client/admin.ts'
import type { Message } from '../core/model/message.ts'
import { messageJson } from '../output/message-json.ts'
import { popWaitMs } from './group-reader.ts'

export interface JobQueueOptions {
  /** Given to /bin/sh. */
  readonly command: string
  /** Jobs at once. */
  readonly parallel: number
  /** Messages a job; 1: its input is the body, more: a line of JSON for each. */
  readonly batch: number
  /** Renewed at half its time for as long as a job runs. */
  readonly invisibleMs: number
  /** A queue's next job begins when the one before is done; one that failed is tried again before it. */
  readonly order: boolean
  readonly countMax: number
  readonly follow: boolean
  readonly ended: () => boolean
  /** Where what jobs print goes: 1 or 2. */
  readonly outputTo: 1 | 2
}

/** What became of a message. */
export interface JobOutcome {
  readonly message: Message
  /** `late`: it had been handed out again meanwhile, the outcome of that delivery counts. */
  readonly outcome: 'ack' | 'retry' | 'late'
  /** Exit status of the job, or the signal that ended it. */
  readonly status: number | NodeJS.Signals
}

/** How long a free slot waits while other jobs run. */
const idleMs = 20
const popMax = 32
/** DefaultMQPushConsumer.suspendCurrentQueueTimeMillis: how long a queue whose job failed stands still. */
const suspendQueueMs = 1000

/**
 * Runs a command for each message of a group: status 0 acknowledges, anything else gives the message back, to
 * be tried again after RocketMQ's back-off and to end in `%DLQ%group`. A worker that dies loses nothing: its
 * messages are handed out again when their invisible time is over.
 */
export async function* runJobs(consumer: PopConsumer, options: JobQueueOptions): AsyncGenerator<JobOutcome> {
  const { parallel, batch, countMax, follow, ended, order } = options
  const running = new Set<Promise<void>>()
  const outcomes: JobOutcome[] = []
  let taken = 0
  const failures: Error[] = []
  for (;;) {
    while (outcomes.length > 0) yield outcomes.shift()!
    if (failures.length > 0) throw failures[0]!
    const free = parallel - running.size
    const wanted = ended()
      ? 0
      : Math.min((order ? Math.min(1, free) : free) * batch, countMax - taken, popMax)
    const waitMs = follow && running.size === 0 ? popWaitMs : 0
    const popped = wanted > 0 ? await consumer.pop(wanted, waitMs) : []
    taken += popped.length
    for (let at = 0; at < popped.length; at += batch) {
      const job = runJob(consumer, popped.slice(at, at + batch), options)
        .then((done) => void outcomes.push(...done))
        .catch((error: unknown) => void failures.push(error as Error))
        .finally(() => running.delete(job))
      running.add(job)
    }
    if (running.size > 0) {
      const mayTakeMore = running.size < parallel && !ended() && taken < countMax
      if (running.size === parallel || popped.length === 0)
        await Promise.race([...running, ...(mayTakeMore ? [pause(idleMs)] : [])])
    } else if (outcomes.length === 0 && (ended() || taken >= countMax || !follow)) {
      return
    }
  }
}

async function runJob(
  consumer: PopConsumer,
  delivered: readonly PoppedMessage[],
  options: JobQueueOptions,
): Promise<JobOutcome[]> {
  let held = [...delivered]
  let renewal = Promise.resolve()
  const timer = setInterval(() => {
    // one that is late by now is told so at its end
    const renew = async (each: PoppedMessage): Promise<PoppedMessage> =>
      consumer.renew(each).catch(() => each)
    renewal = renewal.then(async () => void (held = await Promise.all(held.map(renew))))
  }, options.invisibleMs / 2)
  const status = await execute(
    delivered.map(({ message }) => message),
    options,
  ).finally(() => clearInterval(timer))
  await renewal
  const outcomes: JobOutcome[] = []
  for (const each of held) {
    const outcome = await (status === 0
      ? acknowledge(consumer, each)
      : giveBack(consumer, each, options.order))
    outcomes.push({ message: each.message, outcome, status })
  }
  return outcomes
}

async function acknowledge(consumer: PopConsumer, popped: PoppedMessage): Promise<'ack' | 'late'> {
  return (await consumer.ack(popped)) ? 'ack' : 'late'
}

async function giveBack(
  consumer: PopConsumer,
  popped: PoppedMessage,
  order: boolean,
): Promise<'retry' | 'late'> {
  try {
    await consumer.nack(popped, order ? suspendQueueMs : undefined)
    return 'retry'
  } catch (error) {
    if ((error as { code?: unknown }).code === 'MQ_NO_MESSAGE') return 'late'
    throw error
  }
}

/** One run of a command: the body on its input, the fields in its environment. */
export function runCommandFor(
  message: Message,
  command: string,
  outputTo: 1 | 2,
): Promise<number | NodeJS.Signals> {
  return execute([message], { command, batch: 1, outputTo })
}

async function execute(
  messages: readonly Message[],
  { command, batch, outputTo }: Pick<JobQueueOptions, 'command' | 'batch' | 'outputTo'>,
): Promise<number | NodeJS.Signals> {
  const [first] = messages
  const input =
    batch === 1
      ? first!.body
      : messages.map((message) => `${JSON.stringify(messageJson(message))}\n`).join('')
  const variables =
    batch === 1 ? variablesOf(first!) : { MQ_TOPIC: first!.topic, MQ_COUNT: String(messages.length) }
  const stdin = openInput(input)
  try {
    const child = spawn('/bin/sh', ['-c', command], {
      stdio: [stdin, outputTo, 'inherit'],
      env: { ...process.env, ...variables },
    })
    return await new Promise((resolve, reject) => {
      child.on('error', reject).on('exit', (code, signal) => resolve(code ?? signal!))
    })
  } finally {
    closeSync(stdin)
  }
}

/**
 * A file without a name that holds what a job reads. Through a pipe a job would take what a worker that is
 * killed has written of it so far, or nothing, for all of its input, and run on with that.
 */
function openInput(input: Uint8Array | string): number {
  const path = join(tmpdir(), `pocketmq-job-${randomUUID()}`)
  const file = openSync(path, 'wx+', 0o600)
  try {
    unlinkSync(path)
    const bytes = Buffer.from(input)
    // at a position: where the job begins to read stays the begin
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, done)
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** What a job finds in its environment; a property only under a name that a shell can say. */
function variablesOf(message: Message): Record<string, string> {
  const properties = Object.entries(message.properties)
    .filter(([name, value]) => /^\w+$/.test(name) && !value.includes('\0'))
    .map(([name, value]) => [`MQ_PROPERTY_${name}`, value])
  return {
    ...(Object.fromEntries(properties) as Record<string, string>),
    MQ_TOPIC: message.topic,
    MQ_BROKER_NAME: message.brokerName,
    MQ_QUEUE_ID: String(message.queueId),
    MQ_QUEUE_OFFSET: String(message.queueOffset),
    MQ_MSG_ID: message.msgId,
    MQ_TAG: message.tag ?? '',
    MQ_KEYS: message.keys.join(' '),
    MQ_RECONSUME_TIMES: String(message.reconsumeTimes),
    MQ_STORE_TIMESTAMP: String(message.storeTimestamp),
    MQ_BORN_TIMESTAMP: String(message.bornTimestamp),
  }
}

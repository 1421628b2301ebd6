import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { PopConsumer, PoppedMessage } from '../core/client/admin.ts'
import { limits } from '../core/model/limits.ts'
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
  /** What a job prints answers its message; then `batch` is 1. */
  readonly answering?: Answering
}

/** What is done with a message whose job succeeded, before it is acknowledged. */
export interface Answering {
  /** False: nobody waits for an answer any more, the message is acknowledged without a run. */
  isWanted(popped: PoppedMessage): boolean
  /** @returns `retry`: what was printed is no answer, the job has failed */
  send(message: Message, output: Buffer): Promise<'answered' | 'untold' | 'unasked' | 'retry'>
  /** A job that failed is tried again after this, ms. */
  readonly retryMs: number
}

/** What became of a message. */
export interface JobOutcome {
  readonly message: Message
  /**
   * `late`: it had been handed out again meanwhile, the outcome of that delivery counts. Of answers: who
   * asked was gone (`untold`), nobody had asked (`unasked`), or waits no longer and the job was not run
   * (`expired`).
   */
  readonly outcome: 'ack' | 'retry' | 'late' | 'answered' | 'untold' | 'unasked' | 'expired'
  /** Exit status of the job, or the signal that ended it; null: it was not run. */
  readonly status: number | NodeJS.Signals | null
}

/** False: the message comes again. */
export function isDone({ outcome }: JobOutcome): boolean {
  return outcome !== 'retry' && outcome !== 'late'
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
  const running = new Set<Promise<void>>()
  try {
    yield* runUntilEnded(consumer, options, running)
  } finally {
    // whoever closes what the jobs acknowledge with would have them done for nothing
    await Promise.all(running)
  }
}

async function* runUntilEnded(
  consumer: PopConsumer,
  options: JobQueueOptions,
  running: Set<Promise<void>>,
): AsyncGenerator<JobOutcome> {
  const { parallel, batch, countMax, follow, order } = options
  const outcomes: JobOutcome[] = []
  let taken = 0
  const failures: Error[] = []
  const fail = (error: unknown): void => void failures.push(error as Error)
  // after a failure no more is taken, what runs is told of, and then the failure
  const ended = (): boolean => failures.length > 0 || options.ended()
  for (;;) {
    while (outcomes.length > 0) yield outcomes.shift()!
    if (failures.length > 0 && running.size === 0) throw failures[0]!
    const free = parallel - running.size
    const wanted = ended()
      ? 0
      : Math.min((order ? Math.min(1, free) : free) * batch, countMax - taken, popMax)
    const waitMs = follow && running.size === 0 ? popWaitMs : 0
    const popped =
      wanted > 0 ? await consumer.pop(wanted, waitMs).catch((error: unknown) => (fail(error), [])) : []
    for (let at = 0; at < popped.length; at += batch) {
      const isWanted = options.answering?.isWanted(popped[at]!) ?? true
      if (isWanted) taken += Math.min(batch, popped.length - at)
      const tell = (outcome: JobOutcome): void => void outcomes.push(outcome)
      const job = (
        isWanted
          ? runJob(consumer, popped.slice(at, at + batch), options, tell)
          : passOver(consumer, popped[at]!).then(tell)
      )
        .catch(fail)
        .finally(() => running.delete(job))
      running.add(job)
    }
    if (running.size > 0) {
      const mayTakeMore = running.size < parallel && !ended() && taken < countMax
      if (running.size === parallel || popped.length === 0)
        await Promise.race([...running, ...(mayTakeMore ? [pause(idleMs)] : [])])
    } else if (outcomes.length === 0 && failures.length === 0) {
      if (ended() || taken >= countMax || !follow) return
    }
  }
}

async function runJob(
  consumer: PopConsumer,
  delivered: readonly PoppedMessage[],
  options: JobQueueOptions,
  tell: (outcome: JobOutcome) => void,
): Promise<void> {
  let held = [...delivered]
  let renewal = Promise.resolve()
  const timer = setInterval(() => {
    // one that is late by now is told so at its end
    const renew = async (each: PoppedMessage): Promise<PoppedMessage> =>
      consumer.renew(each).catch(() => each)
    renewal = renewal.then(async () => void (held = await Promise.all(held.map(renew))))
  }, options.invisibleMs / 2)
  const { status, output } = await execute(
    delivered.map(({ message }) => message),
    options,
  ).finally(() => clearInterval(timer))
  await renewal
  const { answering, order } = options
  const retryMs = answering?.retryMs ?? (order ? suspendQueueMs : undefined)
  const failures: unknown[] = []
  for (const each of held) {
    const { message } = each
    try {
      const succeeded = status === 0 ? ((await answering?.send(message, output)) ?? 'ack') : 'retry'
      const outcome =
        succeeded === 'retry'
          ? await giveBack(consumer, each, retryMs)
          : (await consumer.ack(each))
            ? succeeded
            : 'late'
      tell({ message, outcome, status })
    } catch (error) {
      // the others of the batch are done as well: each that is not acknowledged would be done again
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

async function passOver(consumer: PopConsumer, popped: PoppedMessage): Promise<JobOutcome> {
  const outcome = (await consumer.ack(popped)) ? 'expired' : 'late'
  return { message: popped.message, outcome, status: null }
}

async function giveBack(
  consumer: PopConsumer,
  popped: PoppedMessage,
  retryMs: number | undefined,
): Promise<'retry' | 'late'> {
  try {
    await consumer.nack(popped, retryMs)
    return 'retry'
  } catch (error) {
    if ((error as { code?: unknown }).code === 'MQ_NO_MESSAGE') return 'late'
    throw error
  }
}

/** One run of a command: the body on its input, the fields in its environment. */
export async function runCommandFor(
  message: Message,
  command: string,
  outputTo: 1 | 2,
): Promise<number | NodeJS.Signals> {
  return (await execute([message], { command, batch: 1, outputTo })).status
}

interface Run {
  readonly status: number | NodeJS.Signals
  /** What was printed, where it is an answer. */
  readonly output: Buffer
}

async function execute(
  messages: readonly Message[],
  {
    command,
    batch,
    outputTo,
    answering,
  }: Pick<JobQueueOptions, 'command' | 'batch' | 'outputTo' | 'answering'>,
): Promise<Run> {
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
      stdio: [stdin, answering === undefined ? outputTo : 'pipe', 'inherit'],
      env: { ...process.env, ...variables },
    })
    const output = child.stdout === null ? Promise.resolve(emptyOutput) : printedBy(child.stdout)
    const status = await new Promise<Run['status']>((resolve, reject) => {
      child.on('error', reject).on('exit', (code, signal) => resolve(code ?? signal!))
    })
    return { status, output: await output }
  } finally {
    closeSync(stdin)
  }
}

const emptyOutput = Buffer.alloc(0)

/** All of it, or so much that it is no message. */
async function printedBy(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (size <= limits.bodySizeMax) chunks.push(chunk)
    size += chunk.length
  }
  return Buffer.concat(chunks)
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
    .filter(([name]) => /^\w+$/.test(name))
    .map(([name, value]) => [`MQ_PROPERTY_${name}`, value])
  const variables = {
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
  // an environment holds no NUL: a producer that sends one must not stop all who work on its messages
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => !value.includes('\0')))
}

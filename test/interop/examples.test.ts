/**
 * Classes of rocketmq-example 5.5.0, unmodified, against ours: those that take their name server from
 * `rocketmq.namesrv.addr`. Left out are those that have an address written into them, that need a controller,
 * an ACL or a proxy, and those that say nothing to wait for, as batch.SimpleBatchProducer.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { classPath } from './jars.ts'
import { javaFlags, track } from './jvm.ts'
import { PocketmqServer } from './pocketmq.ts'

const packageName = 'org.apache.rocketmq.example'

describe('classes of rocketmq-example', () => {
  let server: PocketmqServer
  const running: ChildProcess[] = []

  before(async () => {
    server = await PocketmqServer.start()
  })
  after(async () => {
    for (const child of running) child.kill('SIGKILL')
    await server.stop()
  })

  /** Runs it until so many of its lines match, or to its end. @returns those lines */
  async function lines(className: string, wanted: RegExp, count: number): Promise<string[]> {
    const namesrv = `-Drocketmq.namesrv.addr=${server.namesrv}`
    const flags = [...javaFlags, namesrv, '-cp', classPath(), `${packageName}.${className}`]
    const child = spawn('java', flags, { stdio: ['ignore', 'pipe', 'ignore'] })
    track(child)
    running.push(child)
    const ended = once(child, 'exit')
    const found: string[] = []
    for await (const line of createInterface(child.stdout)) {
      if (wanted.test(line)) found.push(line)
      if (found.length === count) break
    }
    child.kill('SIGKILL')
    await ended
    return found
  }

  const cases: readonly (readonly [producer: string, consumer: string | null, messages: number])[] = [
    ['quickstart.Producer', 'quickstart.Consumer', 1000],
    ['ordermessage.Producer', 'ordermessage.Consumer', 100],
    ['filter.TagFilterProducer', 'filter.TagFilterConsumer', 60],
    ['schedule.ScheduledMessageProducer', null, 1],
  ]
  for (const [producer, consumer, messages] of cases) {
    it(`${producer} sends${consumer === null ? '' : `, ${consumer} consumes`}`, async () => {
      const sent = await lines(producer, /SEND_OK/, messages)
      assert.equal(sent.length, messages)
      if (consumer === null) return
      const consumed = await lines(consumer, /Receive New Messages/, 10)
      assert.equal(consumed.length, 10)
    })
  }
})

import assert from 'node:assert/strict'
import { serve, type Served } from '../../../src/core/embedded/serve.ts'
import { encodeCall } from '../../../src/core/remoting/codec.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { encodeFrame, type Command } from '../../../src/core/remoting/frame.ts'
import { dial, until } from '../remoting/sockets.ts'

describe('serve', () => {
  let served: Served
  let members: Connection[]

  beforeEach(async () => {
    members = []
    served = await serve({ store: null, port: 0 })
  })
  afterEach(async () => {
    for (const member of members) member.close()
    await served.close()
  })

  async function join(): Promise<Command[]> {
    const heard: Command[] = []
    const member = new Connection(
      await dial(Number(served.address.split(':')[1])),
      (command) => heard.push(command),
      () => undefined,
    )
    members.push(member)
    const call = encodeCall('HEART_BEAT', {
      header: {},
      body: {
        clientId: `member-${members.length}`,
        producerGroups: [],
        consumers: [
          {
            groupName: 'g',
            consumeType: 'CONSUME_PASSIVELY',
            messageModel: 'CLUSTERING',
            consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
            subscriptions: [],
            unitMode: false,
          },
        ],
        fingerprint: 0,
        withoutSub: false,
      },
    })
    const heartbeat = { ...call, language: 'JAVA', version: 513, opaque: 1, flag: 0, remark: null }
    member.send(encodeFrame({ ...heartbeat, serializeType: 'json' }))
    await until(() => heard.length === 2)
    return heard
  }

  it('tells the members of a group at once who comes and goes', async () => {
    const first = await join()
    const notifications = (): unknown[] =>
      first.filter(({ code }) => code === 40).map(({ flag, ext }) => ({ flag, ...ext }))
    await join()
    await until(() => notifications().length === 2)
    members[1]!.close()
    await until(() => notifications().length === 3)
    assert.deepEqual(notifications()[2], { flag: 2, consumerGroup: 'g' })
  })
})

import assert from 'node:assert/strict'
import type { Message } from '../../src/core/model/message.ts'
import { javaText } from '../../src/output/java-text.ts'
import { messageFields, messageJson } from '../../src/output/message-json.ts'

const message: Message = {
  topic: 'T',
  brokerName: 'b',
  queueId: 1,
  queueOffset: 2,
  commitLogOffset: 518,
  msgId: 'UNIQ',
  offsetMsgId: '7F00000100002A9F0000000000000206',
  tag: 'A',
  keys: ['k1', 'k2'],
  properties: { KEYS: 'k1 k2', TAGS: 'A' },
  bornTimestamp: 1000,
  storeTimestamp: 1001,
  bornHost: '127.0.0.1:5000',
  storeHost: '127.0.0.1:10911',
  reconsumeTimes: 0,
  sysFlag: 0,
  flag: 0,
  bodyCrc: 7,
  storeSize: 259,
  preparedTransactionOffset: 0,
  body: Buffer.from('bü'),
}

describe('javaText', () => {
  it("writes a message as MessageExt's toString, bytes with their sign", () => {
    assert.equal(
      javaText.message(message),
      'MessageExt [brokerName=b, queueId=1, storeSize=259, queueOffset=2, sysFlag=0, bornTimestamp=1000, ' +
        'bornHost=/127.0.0.1:5000, storeTimestamp=1001, storeHost=/127.0.0.1:10911, ' +
        'msgId=7F00000100002A9F0000000000000206, commitLogOffset=518, bodyCRC=7, reconsumeTimes=0, ' +
        "preparedTransactionOffset=0, toString()=Message{topic='T', flag=0, properties={KEYS=k1 k2, TAGS=A}, " +
        "body=[98, -61, -68], transactionId='null'}]",
    )
  })

  it('writes a route as fastjson does', () => {
    const route = {
      brokerDatas: [
        {
          brokerAddrs: { 0: '127.0.0.1:10911' },
          brokerName: 'brk-a',
          cluster: 'C',
          enableActingMaster: false,
        },
      ],
      filterServerTable: {},
      queueDatas: [{ brokerName: 'brk-a', perm: 6, readQueueNums: 4, topicSysFlag: 0, writeQueueNums: 4 }],
    }
    assert.equal(
      javaText.route(route),
      '{\n\t"brokerDatas":[\n\t\t{\n\t\t\t"brokerAddrs":{\n\t\t\t\t0:"127.0.0.1:10911"\n\t\t\t},\n' +
        '\t\t\t"brokerName":"brk-a",\n\t\t\t"cluster":"C",\n\t\t\t"enableActingMaster":false\n\t\t}\n\t],\n' +
        '\t"filterServerTable":{},\n\t"queueDatas":[\n\t\t{\n\t\t\t"brokerName":"brk-a",\n\t\t\t"perm":6,\n' +
        '\t\t\t"readQueueNums":4,\n\t\t\t"topicSysFlag":0,\n\t\t\t"writeQueueNums":4\n\t\t}\n\t]\n}',
    )
  })

  it('writes times, those that no calendar has as numbers', () => {
    assert.equal(javaText.localTime(0, true), '1970-01-01 00:00:00,000')
    const local = new Date(2026, 10, 23, 0, 35, 19, 400).getTime()
    assert.equal(javaText.localTime(local, false), '2026-11-23 00:35:19,400')
    assert.equal(javaText.localTime(9e15, false), '9000000000000000')
  })
})

describe('messageJson', () => {
  it('has the frozen names in their order', () => {
    assert.deepEqual(
      Object.keys(messageJson(message)),
      messageFields.filter((field) => field !== 'bodyBase64'),
    )
  })

  it('writes bytes that are no text as base64', () => {
    const binary = messageJson({ ...message, body: Buffer.from([0xff, 0]) })
    assert.equal(binary.bodyBase64, '/wA=')
    assert.equal('body' in binary, false)
  })
})

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseHost } from '../../../src/core/model/host.ts'
import { offsetMsgId, parseOffsetMsgId, UniqueKeys } from '../../../src/core/model/ids.ts'

describe('offset ids', () => {
  it('are what MessageDecoder.createMessageId makes', () => {
    // commitlog.md: made by a real broker
    assert.equal(offsetMsgId(parseHost('127.0.0.1:21911'), 9193), '7F0000010000559700000000000023E9')
    assert.deepEqual(parseOffsetMsgId('7F0000010000559700000000000023E9'), {
      brokerAddr: '127.0.0.1:21911',
      commitLogOffset: 9193,
    })
  })

  it('come back, IPv4 and IPv6', () => {
    const hosts = fc.constantFrom('192.0.2.1:10911', '[2001:db8::7]:10911')
    fc.assert(
      fc.property(hosts, fc.nat({ max: Number.MAX_SAFE_INTEGER }), (brokerAddr, commitLogOffset) => {
        const id = offsetMsgId(parseHost(brokerAddr), commitLogOffset)
        assert.ok(id.length === 32 || id.length === 56)
        assert.deepEqual(parseOffsetMsgId(id), { brokerAddr, commitLogOffset })
        assert.deepEqual(parseOffsetMsgId(id.toLowerCase()), { brokerAddr, commitLogOffset })
      }),
    )
  })

  it('are not made of other text', () => {
    for (const text of ['', 'x'.repeat(32), '0'.repeat(31), '0'.repeat(55), `${'0'.repeat(31)}\n`]) {
      assert.equal(parseOffsetMsgId(text), null)
    }
  })
})

describe('UniqueKeys', () => {
  it('makes 32 digits with ip, pid, time since the start of the month and counter', () => {
    const now = new Date(2024, 4, 17, 12, 30, 15, 250).getTime()
    const keys = new UniqueKeys(() => now)
    const [first, second] = [keys.next(), keys.next()]
    assert.match(first, /^[0-9A-F]{32}$/)
    assert.equal(first.slice(8, 12), (process.pid & 0xffff).toString(16).toUpperCase().padStart(4, '0'))
    const elapsed = now - new Date(2024, 4, 1).getTime()
    assert.equal(parseInt(first.slice(20, 28), 16), elapsed)
    assert.equal(first.slice(28), '0000')
    assert.equal(second, `${first.slice(0, 28)}0001`)
  })

  it('does not repeat within 65,536 keys of one millisecond', () => {
    const keys = new UniqueKeys(() => 1_700_000_000_000)
    const made = new Set(Array.from({ length: 65_536 }, () => keys.next()))
    assert.equal(made.size, 65_536)
  })

  it('counts from the start of the new month, and of the old one when the clock goes back', () => {
    let now = new Date(2024, 1, 29, 23, 59, 59, 999).getTime()
    const keys = new UniqueKeys(() => now)
    const elapsed = (): number => parseInt(keys.next().slice(20, 28), 16)
    assert.equal(elapsed(), now - new Date(2024, 1, 1).getTime())
    now++
    assert.equal(elapsed(), 0)
    now--
    assert.equal(elapsed(), now - new Date(2024, 1, 1).getTime())
  })
})

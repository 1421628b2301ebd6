import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatHost, hostOf, isHostV6, parseHost } from '../../../src/core/model/host.ts'

const port = fc.integer({ min: 0, max: 65535 })
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
})

describe('hosts', () => {
  it('come back from text, IPv4', () => {
    fc.assert(
      fc.property(fc.ipV4(), port, (address, number) => {
        const text = `${address}:${number}`
        assert.equal(parseHost(text).length, 8)
        assert.equal(formatHost(parseHost(text)), text)
      }),
    )
  })

  it('come back from bytes, IPv6, whatever runs of zeros are compressed', () => {
    fc.assert(
      fc.property(groups, port, (values, number) => {
        const host = Buffer.alloc(20)
        values.forEach((value, i) => host.writeUInt16BE(value, i * 2))
        host.writeInt32BE(number, 16)
        // an address mapped from IPv4 is IPv4 when it comes from a socket, and only then
        assert.deepEqual(parseHost(formatHost(host)), host)
        const full = values.map((value) => value.toString(16)).join(':')
        assert.deepEqual(hostOf(full, number), host)
      }),
    )
  })

  it('are written as RFC 5952 says', () => {
    const cases: Record<string, string> = {
      '0:0:0:0:0:0:0:1': '::1',
      '0:0:0:0:0:0:0:0': '::',
      '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
      '1:0:0:2:0:0:0:3': '1:0:0:2::3',
      'fe80:0:0:0:0:0:0:0': 'fe80::',
    }
    for (const [full, short] of Object.entries(cases)) {
      assert.equal(formatHost(hostOf(full, 1)), `[${short}]:1`)
      assert.deepEqual(hostOf(short, 1), hostOf(full, 1))
    }
  })

  it('are IPv4 when a socket maps them into IPv6, and lose their zone', () => {
    assert.equal(formatHost(hostOf('::ffff:192.0.2.1', 5)), '192.0.2.1:5')
    assert.ok(isHostV6(hostOf('fe80::1%eth0', 5)))
    assert.equal(formatHost(hostOf('fe80::1%eth0', 5)), '[fe80::1]:5')
    assert.equal(formatHost(hostOf('64:ff9b::192.0.2.33', 5)), '[64:ff9b::c000:221]:5')
  })

  it('are refused when they are none', () => {
    for (const text of [
      '',
      'localhost:9876',
      '127.0.0.1',
      '127.0.0.1:',
      '127.0.0.1:x',
      '127.0.0.1:-1',
      '127.0.0.1:1e3',
      '127.0.0.1:65536',
      '1.2.3:80',
      '[::1:80',
      '[::g]:80',
    ]) {
      assert.throws(() => parseHost(text), TypeError, text)
    }
  })
})

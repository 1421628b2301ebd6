import assert from 'node:assert/strict'
import { versionText } from '../../../src/core/model/versions.ts'

describe('versionText', () => {
  // remoting.md §4, from MQVersion of 5.5.0
  for (const [version, text] of [
    [213, 'V4_0_0'],
    [355, 'V4_7_1'],
    [401, 'V4_9_4'],
    [413, 'V5_0_0'],
    [479, 'V5_3_3'],
    [513, 'V5_5_0'],
    [512, 'V5_5_0_SNAPSHOT'],
    [612, 'HIGHER_VERSION'],
    [121, 'V3 (121)'],
  ] as const) {
    it(`names ${version} ${text}`, () => assert.equal(versionText(version), text))
  }
})

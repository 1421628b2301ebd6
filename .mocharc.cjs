// Unit tests run from source through tsx; tests that need the binary spawn bin/run.js, built by `pretest`.

/** What a server costs is read from /proc. */
const linuxOnly = process.platform === 'linux' ? [] : ['test/safety/**', 'test/fuzz/served-frames.test.ts']

module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  spec: ['test/**/*.test.ts'],
  ignore: ['test/interop/**', 'test/fault/**', ...linuxOnly],
  timeout: 20000,
}

// Unit tests run from source through tsx; tests that need the binary spawn bin/run.js, built by `pretest`.
module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  spec: ['test/**/*.test.ts'],
  ignore: ['test/interop/**', 'test/fault/**'],
  timeout: 20000,
}

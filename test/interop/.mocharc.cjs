// JVMs start and stop here: long limits, nothing in parallel (two cores). `npm run test:interop` runs prepare.ts first.
module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  spec: ['test/interop/**/*.test.ts'],
  require: ['./test/interop/targets.ts'],
  timeout: 180000,
}

// JVMs start and stop here: long limits, nothing in parallel (two cores). `npm run test:interop` runs prepare.ts first.
// RocketMQ's servers and clients have races of their own, which come up once in a hundred runs of one test or another:
// a second attempt is allowed, and told of. What is broken fails twice.
module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  spec: ['test/interop/**/*.test.ts'],
  require: ['./test/interop/targets.ts'],
  timeout: 180000,
  retries: 1,
}

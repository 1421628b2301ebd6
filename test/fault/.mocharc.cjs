// Kills, torn writes, full disks. `SEED=` repeats a run, `FULL=1` does the counts of a release.
module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  spec: ['test/fault/**/*.test.ts'],
  timeout: 900000,
  slow: 60000,
}

#!/usr/bin/env node
'use strict'
// Runs from source: builds what the sources are now, then starts it as bin/run.js would.
const { execFileSync } = require('node:child_process')
const path = require('node:path')

const root = path.join(__dirname, '..')
execFileSync(process.execPath, ['--import', 'tsx', path.join(root, 'scripts/build.ts')], {
  cwd: root,
  stdio: ['ignore', 2, 2],
})
require('./run.js')

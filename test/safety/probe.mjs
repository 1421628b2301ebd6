/**
 * Within a server under test, by --import: what it costs, asked for over the channel to its parent. A stall is a
 * time in which no timer ran, less what this process did not have the processor for: other processes of a busy
 * machine do not count.
 */
const everyMs = 5
let stallMs = 0
let at = performance.now()
let cpu = process.cpuUsage()

setInterval(() => {
  const now = performance.now()
  const { user, system } = process.cpuUsage(cpu)
  stallMs = Math.max(stallMs, Math.min(now - at - everyMs, (user + system) / 1000))
  at = now
  cpu = process.cpuUsage()
}, everyMs).unref()

process.on('message', async ({ collect }) => {
  // what the first one frees, buffers among it, is given back a little later
  for (let i = 0; collect && i < 2; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  process.send({ stallMs, heapUsed, arrayBuffers })
  stallMs = 0
  at = performance.now()
  cpu = process.cpuUsage()
})
process.channel.unref()

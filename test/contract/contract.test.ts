/**
 * What scripts rely on: every command with its flags, and the fields of its JSON. A change here is one of the
 * contract: UPDATE=1 writes the files anew, and the diff says what users will meet.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runBinary, suiteFolder } from '../run-binary.ts'

interface Flag {
  readonly type: string
  readonly char?: string
  readonly required?: boolean
  readonly options?: readonly string[]
  readonly default?: unknown
  readonly aliases?: readonly string[]
}

function compare(name: string, actual: object): void {
  const path = join(import.meta.dirname, name)
  const text = `${JSON.stringify(actual, null, 2)}\n`
  if (process.env['UPDATE'] !== undefined) writeFileSync(path, text)
  assert.ok(existsSync(path), `${name} is missing: run with UPDATE=1`)
  assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(path, 'utf8')))
}

/** Values become their types; of a list its first item tells. */
function shapeOf(value: unknown): unknown {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]))
}

describe('the contract', () => {
  it('has these commands and flags', () => {
    const manifest = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../oclif.manifest.json'), 'utf8'),
    ) as { commands: Record<string, { flags: Record<string, Flag>; args: object }> }
    const commands = Object.entries(manifest.commands).map(([id, { flags, args }]) => [
      id,
      {
        args: Object.keys(args),
        flags: Object.fromEntries(
          Object.entries(flags)
            .filter(([, flag]) => (flag as { helpGroup?: string }).helpGroup !== 'GLOBAL')
            .map(([name, { type, char, required, options, default: fallback }]) => [
              name,
              { type, char, required, options, default: fallback },
            ]),
        ),
      },
    ])
    compare('commands.json', Object.fromEntries(commands) as object)
  })

  describe('in JSON', () => {
    const folder = suiteFolder()
    const json = async (...args: string[]): Promise<unknown> => {
      const { stdout, stderr, status } = await runBinary([...args, '--store', folder.path('store'), '--json'])
      assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
      return shapeOf(JSON.parse(stdout))
    }

    it('has these fields', async () => {
      const shapes: Record<string, unknown> = {}
      const lines: readonly (readonly string[])[] = [
        ['updateTopic', '-t', 'orders', '-r', '1', '-w', '1'],
        ['updateSubGroup', '-g', 'billing'],
        ['sendMessage', '-t', 'orders', '-p', 'hello', '-k', 'k1', '-c', 'A'],
        ['consumeMessage', '-t', 'orders'],
        ['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit'],
        ['topicList'],
        ['topicRoute', '-t', 'orders'],
        ['topicStatus', '-t', 'orders'],
        ['topicClusterList', '-t', 'orders'],
        ['updateTopicPerm', '-t', 'orders', '-p', '6'],
        ['updateOrderConf', '-t', 'orders', '-m', 'put', '-v', 'broker-a:1'],
        ['allocateMQ', '-t', 'orders', '-i', 'a'],
        ['getConsumerConfig', '-g', 'billing'],
        ['consumerProgress'],
        ['consumerProgress', '-g', 'billing'],
        ['brokerConsumeStats'],
        ['resetOffset', '-g', 'billing', '-t', 'orders', '--to', 'earliest'],
        ['resetOffsetByTime', '-g', 'billing', '-t', 'orders', '-s', 'now'],
        ['skipAccumulatedMessage', '-g', 'billing', '-t', 'orders'],
        ['setConsumeMode', '-g', 'poppers', '-t', 'orders', '-m', 'POP'],
        ['queryMsgByKey', '-t', 'orders', '-k', 'k1'],
        ['queryMsgByOffset', '-t', 'orders', '-b', 'broker-a', '-i', '0', '-o', '0'],
        ['queryCq', '-t', 'orders', '-q', '0', '-i', '0'],
        ['clusterList'],
        ['haStatus'],
        ['clusterRT', '-a', '2', '--once'],
        ['getBrokerConfig'],
        ['updateBrokerConfig', '-k', 'fileReservedTime', '-v', '72'],
        ['updateKvConfig', '-s', 'n', '-k', 'k', '-v', 'v'],
        ['deleteKvConfig', '-s', 'n', '-k', 'k'],
        ['statsAll', '-t', 'orders'],
        ['exportMetadata', '-f', folder.path('export')],
        ['transactions'],
        ['store', 'verify'],
        ['deleteSubGroup', '-g', 'billing', '--yes'],
        ['deleteTopic', '-t', 'orders', '--yes'],
      ]
      for (const line of lines) {
        const name = line.filter((word) => !word.startsWith('/')).join(' ')
        shapes[name] = await json(...line)
      }
      compare('json.json', shapes)
    }).timeout(60_000) // forty processes, one behind the other
  })
})

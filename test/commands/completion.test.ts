import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, cleanEnv, ended, runBinary, startBinary, suiteFolder } from '../run-binary.ts'

/**
 * An interactive zsh under a terminal. Each line is typed, with a tab behind it; a second key then shows what
 * it has become, all at once where several are meant. What it says comes back when the line is done.
 */
const zshKeyPresses = `
zmodload zsh/zpty
files=$1; shift
zpty z zsh -f -i
said() { local part; until [[ $out == *$1* ]]; do zpty -r z part || return; out+=$part; done; print -r -- "$out"; out=; }
zpty -w z "PS1=; fpath=(\${(q)files} $fpath); autoload -Uz compinit; compinit -u -D"
zpty -w z "[[ -e \${(q)files}/_pocketmq ]] || source <(pocketmq completion zsh)"
zpty -w z 'unset zle_bracketed_paste; bindkey "^I" all-matches; zle -C all-matches complete-word _all_matches'
zpty -w z '_all_matches() { _main_complete; compstate[insert]=all; compstate[list]= }'
zpty -w z 'show() { print -r -- "<<\${BUFFER}>""> "; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show'
zpty -w z 'print -r -- REA""DY'
said READY >/dev/null
for line; do zpty -w -n z "$line"$'\\t'$'\\x18'; said '>> '; done
zpty -d z
`

describe('completion', () => {
  const folder = suiteFolder()
  const env = { POCKETMQ_STORE: '' }
  const words = async (...line: string[]): Promise<string[]> => {
    const { status, stdout } = await runBinary(['completion', 'words', '--', ...line], { env })
    assert.equal(status, 0)
    return stdout.split('\n').filter((word) => word !== '')
  }

  before(async () => {
    mkdirSync(folder.path('bin'))
    const program = `#!/bin/sh\nexec '${process.execPath}' '${binary}' "$@"\n`
    writeFileSync(folder.path('bin/pocketmq'), program, { mode: 0o755 })
    env.POCKETMQ_STORE = folder.path('store')
    for (const topic of ['orders', 'order2', 'other']) await runBinary(['updateTopic', '-t', topic], { env })
    await runBinary(['sendMessage', '-t', 'orders', '-p', 'x'], { env })
    await runBinary(['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit'], { env })
  })

  it('knows commands, areas, flags and formats', async () => {
    assert.deepEqual(await words('topicS'), ['topicStatus'])
    assert.deepEqual(await words('ctx', ''), ['add', 'list', 'remove', 'use'])
    assert.deepEqual(await words('TOPICSTATUS', '--to'), ['--topic'])
    assert.deepEqual(await words('topicList', '--output', 'n'), ['ndjson'])
    assert.deepEqual(await words('setConsumeMode', '-m', ''), ['POP', 'PULL'])
    assert.deepEqual(await words('noSuchCommand', '-t', ''), [])
  })

  it('asks the target of the line for topics and groups', async () => {
    assert.deepEqual(await words('topicStatus', '-t', 'order'), ['order2', 'orders'])
    assert.deepEqual(await words('consumerProgress', '--groupName', ''), ['billing'])
    assert.deepEqual(await words('topicStatus', '--store', folder.path('none'), '-t', ''), [])
    assert.deepEqual(await words('topicStatus', '-n', '127.0.0.1:1', '-t', ''), [])
    assert.deepEqual(await words('topicStatus', '--topic=ord'), ['--topic=order2', '--topic=orders'])
    const store = `--store=${env.POCKETMQ_STORE}`
    env.POCKETMQ_STORE = folder.path('none')
    assert.deepEqual(await words('topicStatus', store, '-t', 'oth'), ['other'])
    env.POCKETMQ_STORE = folder.path('store')
  })

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`prints a script for ${shell}`, async () => {
      const { status, stdout } = await runBinary(['completion', shell])
      assert.equal(status, 0)
      assert.match(stdout, /completion words --/)
    })
  }

  const inShell = (shell: string, title: string, test: () => Promise<void>): void => {
    const isThere = spawnSync(shell, ['--version']).status === 0
    const reason = isThere ? '' : `: there is no ${shell} on this machine`
    it(`completes a line in ${shell}${title}${reason}`, async function () {
      if (!isThere) this.skip()
      await test()
    }).timeout(60_000)
  }
  const shellEnv = (): NodeJS.ProcessEnv => ({
    ...cleanEnv(env),
    HOME: folder.path('.'),
    PATH: `${folder.path('bin')}:${process.env['PATH'] ?? ''}`,
  })

  inShell('fish', ', and files where there is no name to know', async () => {
    const complete = async (line: string): Promise<string[]> => {
      const script = 'pocketmq completion fish | source; complete -C $argv[1]'
      const child = spawn('fish', ['--no-config', '-c', script, line], {
        env: shellEnv(),
        cwd: folder.path('bin'),
      })
      return (await ended(child)).stdout.split('\n').filter((word) => word !== '')
    }
    assert.deepEqual(await complete('pocketmq topicSt'), ['topicStatus'])
    assert.deepEqual(await complete('pocketmq topicStatus -t ord'), ['order2', 'orders'])
    assert.deepEqual(await complete('pocketmq topicStatus --topic=oth'), ['--topic=other'])
    assert.deepEqual(await complete('mqadmin consumerProgress -g '), ['billing'])
    assert.deepEqual(await complete('pocketmq topicStatus --store ~/store -t oth'), ['other'])
    assert.deepEqual(await complete('pocketmq updateTopicList -f pock'), ['pocketmq'])
  })

  for (const how of ['sourced', 'in fpath'] as const) {
    inShell('zsh', `, ${how}, and files where there is no name to know`, async () => {
      const files = folder.path(`functions ${how}`)
      mkdirSync(files)
      if (how === 'in fpath') {
        const { stdout } = await runBinary(['completion', 'zsh'])
        writeFileSync(join(files, '_pocketmq'), stdout)
      }
      const lines = [
        ['pocketmq topicStatus -t order', 'pocketmq topicStatus -t order2 orders '],
        ['pocketmq topicSt', 'pocketmq topicStatus '],
        ['pocketmq topicStatus -t oth', 'pocketmq topicStatus -t other '],
        ['pocketmq topicStatus --topic=oth', 'pocketmq topicStatus --topic=other '],
        ['mqadmin consumerProgress -g bil', 'mqadmin consumerProgress -g billing '],
        ['pocketmq topicStatus --store ~/store -t oth', 'pocketmq topicStatus --store ~/store -t other '],
        ['pocketmq updateTopicList -f pock', 'pocketmq updateTopicList -f pocketmq '],
      ] as const
      const child = spawn('zsh', ['-f', '-c', zshKeyPresses, 'zsh', files, ...lines.map(([line]) => line)], {
        env: { ...shellEnv(), TERM: 'dumb' },
        cwd: folder.path('bin'),
      })
      const { stdout, stderr } = await ended(child)
      const shown = [...stdout.matchAll(/<<(.*?)>>/gs)].map((match) => match[1])
      assert.deepEqual(
        shown,
        lines.map(([, completed]) => completed),
        `${stdout}\n${stderr}`,
      )
    })
  }

  inShell('bash', ', also behind a host:port, at which bash parts its words', async () => {
    const complete = async (line: string, parted: readonly string[]): Promise<string[]> => {
      const script = [
        'source <(pocketmq completion bash)',
        'COMP_LINE=$1 COMP_POINT=${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
        '_pocketmq; printf "%s\\n" "${COMPREPLY[@]}"',
      ].join('\n')
      const child = spawn('bash', ['-c', script, 'bash', line, ...parted], { env: shellEnv() })
      return (await ended(child)).stdout.split('\n').filter((word) => word !== '')
    }
    const line = 'pocketmq topicStatus -t ord'
    assert.deepEqual(await complete(line, line.split(' ')), ['order2', 'orders'])
    assert.deepEqual(await complete('pocketmq topicSt', ['pocketmq', 'topicSt']), ['topicStatus'])
    const server = startBinary(['serve', '--ephemeral', '--port', '0', '--topic', 'served:1'])
    try {
      const [text] = (await once(server.stdout!, 'data')) as [Buffer]
      const [, host, port] = /at (\S+):(\d+)/.exec(text.toString())!
      const words = ['pocketmq', 'topicStatus', '-n', host!, ':', port!, '-t', '']
      assert.deepEqual(await complete(`pocketmq topicStatus -n ${host!}:${port!} -t ser`, words), ['served'])
    } finally {
      server.kill('SIGTERM')
      await once(server, 'close')
    }
  })

  it('refuses other shells', async () => {
    const { status, stderr } = await runBinary(['completion', 'tcsh'])
    assert.equal(status, 2)
    assert.match(stderr, /one of bash, zsh, fish/)
  })
})

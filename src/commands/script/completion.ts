import * as Args from '@oclif/core/args'
import { createRequire } from 'node:module'
import { MqError } from '../../core/errors.ts'
import { completions, type CompletionNames, type Manifest } from '../../command-line/completions.ts'
import { resolveTarget } from '../../command-line/target.ts'
import { MqCommand, outputFlags, type ArgsOf } from '../../mq-command.ts'
import { completionScript, shells } from '../../output/completion-script.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

/** A person waits for it after a key press. */
const liveNamesMs = 250

export default class Completion extends MqCommand {
  static override summary = 'Print a script that completes commands, flags, topics and groups in a shell.'
  static override description =
    'Topics and groups are those of the target that the line names, asked for at the key press; what does not ' +
    'answer in a quarter of a second is left out.'
  static override examples = [
    '$ source <(pocketmq completion bash)   # or zsh',
    '$ pocketmq completion zsh > "${fpath[1]}/_pocketmq"',
    '$ pocketmq completion fish | source',
    '$ pocketmq completion fish > ~/.config/fish/completions/pocketmq.fish',
  ]
  static override baseFlags = { ...outputFlags }
  static override strict = false
  static override args = {
    shell: Args.string({ required: true, description: `${shells.join(', ')}, or words, which scripts use` }),
  }

  protected override async perform(
    _flags: object,
    { shell }: ArgsOf<typeof Completion>,
  ): Promise<View<unknown>> {
    if (shell !== 'words') return scriptView(completionScript(shell))
    const words = this.argv.slice(this.argv.indexOf('--') + 1)
    const manifest = createRequire(import.meta.url)('../oclif.manifest.json') as Manifest
    const found = await completions(manifest, words, (kind, targetFlags) => this.#names(kind, targetFlags))
    return textView(
      found.map((word) => ({ word })),
      { fields: ['word'], id: ({ word }) => word, text: ({ word }) => `${word}\n` },
    )
  }

  /** None where the target does not answer: a completion has nobody to tell. */
  async #names(...[kind, flags]: Parameters<CompletionNames>): Promise<readonly string[]> {
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new MqError('MQ_TIMEOUT', 'too late')), liveNamesMs).unref()
    })
    try {
      // the shell gives words as they are written
      const store = flags.store?.replace(/^~(?=\/|$)/, this.env.HOME ?? '~')
      this.target = resolveTarget({ flags: { ...flags, store }, env: this.env, asMqadmin: false })
      const admin = await this.connect('read')
      const asked = kind === 'topic' ? admin.topics.list() : admin.groups.list()
      return await Promise.race([asked, late])
    } catch {
      return []
    }
  }
}

function scriptView(script: string | null): View<{ script: string }> {
  if (script === null) {
    throw new MqError('MQ_USAGE', 'no such shell', { hint: `one of ${shells.join(', ')}` })
  }
  return textView([{ script }], {
    shape: 'one',
    fields: ['script'],
    id: () => script.trimEnd(),
    text: () => script,
  })
}

import { formatWords } from '../output/format.ts'

/** oclif.manifest.json, what is looked at. */
export interface Manifest {
  readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, ManifestFlag>> }>>
}

interface ManifestFlag {
  readonly name: string
  readonly type: 'boolean' | 'option'
  readonly char?: string
  readonly options?: readonly string[]
}

type TargetWords = Readonly<Record<'namesrvAddr' | 'store' | 'context', string | undefined>>

/** Names that exist in the target of the line. */
export type CompletionNames = (kind: 'topic' | 'group', target: TargetWords) => Promise<readonly string[]>

/** Flags of any command whose value is the name of something that exists. */
const liveFlags: Readonly<Record<string, 'topic' | 'group'>> = {
  topic: 'topic',
  topicName: 'topic',
  routeTopic: 'topic',
  group: 'group',
  groupName: 'group',
  consumerGroup: 'group',
  srcGroup: 'group',
  destGroup: 'group',
  consumer: 'group',
}

/**
 * What the last of some words may become, without those it does not begin.
 * @param words behind the name of the program; the last one is being written, and may be empty
 */
export async function completions(
  manifest: Manifest,
  words: readonly string[],
  names: CompletionNames,
): Promise<string[]> {
  const written = words.at(-1) ?? ''
  // `--topic=or` is two words in one
  const [, flag] = /^(--[\w-]+)=/.exec(written) ?? []
  const prefix = flag === undefined ? '' : `${flag}=`
  const before = flag === undefined ? words.slice(0, -1) : [...words.slice(0, -1), flag]
  const current = written.slice(prefix.length)
  const found = await candidates(manifest, before, current, names)
  return found
    .filter((word) => word.startsWith(current))
    .map((word) => prefix + word)
    .sort()
}

async function candidates(
  { commands }: Manifest,
  before: readonly string[],
  current: string,
  names: CompletionNames,
): Promise<readonly string[]> {
  const [first, second] = before
  if (first === undefined) return [...new Set(Object.keys(commands).map((id) => id.split(':')[0]!))]
  const areas = Object.keys(commands).filter((id) => id.startsWith(`${first}:`))
  if (areas.length > 0 && second === undefined) return areas.map((id) => id.slice(first.length + 1))
  const wanted = areas.length > 0 ? `${first}:${second!}` : first
  const id = Object.keys(commands).find((each) => each.toLowerCase() === wanted.toLowerCase())
  if (id === undefined) return []
  const flags = Object.values(commands[id]!.flags)
  const asked = flagOf(flags, before.at(-1)!)
  if (asked?.type === 'option') return valuesOf(asked, targetOf(flags, before), names)
  return current.startsWith('-') ? flags.map(({ name }) => `--${name}`) : []
}

function flagOf(flags: readonly ManifestFlag[], word: string): ManifestFlag | undefined {
  return flags.find(({ name, char }) => word === `--${name}` || (char !== undefined && word === `-${char}`))
}

async function valuesOf(
  { name, options }: ManifestFlag,
  target: TargetWords,
  names: CompletionNames,
): Promise<readonly string[]> {
  if (options !== undefined) return options
  if (name === 'output') return formatWords.split('|').map((word) => word.replace('…', ''))
  const kind = Object.hasOwn(liveFlags, name) ? liveFlags[name] : undefined
  return kind === undefined ? [] : names(kind, target)
}

/** What the line says of its target before the word that is being written. */
function targetOf(flags: readonly ManifestFlag[], before: readonly string[]): TargetWords {
  const valueOf = (wanted: string): string | undefined => {
    const at = before.findIndex((word) => flagOf(flags, word.split('=', 1)[0]!)?.name === wanted)
    if (at === -1) return undefined
    const [, joined] = /^--[^=]+=(.*)$/s.exec(before[at]!) ?? []
    return joined ?? before[at + 1]
  }
  return { namesrvAddr: valueOf('namesrvAddr'), store: valueOf('store'), context: valueOf('context') }
}

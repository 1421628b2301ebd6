import { isFormatWord } from '../output/format.ts'

/** What reading the command line needs to know of a flag. */
export interface FlagShape {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly required?: boolean | undefined
}

export type FlagShapes = Readonly<Record<string, FlagShape>>

interface Token {
  /** Flag name; null for what is none of this command's. */
  readonly flag: string | null
  readonly value: string | null
  /** Words it takes up, from `at`. */
  readonly at: number
  readonly words: 1 | 2
}

/**
 * `-o` is short for --output where its value is a format or the command has no `-o` of its own (in mqadmin it
 * is an offset or an order); oclif knows one meaning of a letter.
 */
export function rewriteFormatFlag(argv: readonly string[], flags: FlagShapes): string[] {
  const ownO = Object.values(flags).some(({ char }) => char === 'o')
  const known: FlagShapes = ownO ? flags : { ...flags, output: { ...flags.output!, char: 'o' } }
  const rewritten = [...argv]
  for (const { flag, value, at, words } of tokens(argv, known)) {
    if (value === null || !/^-o/.test(argv[at]!)) continue
    if (flag !== 'output' && !isFormatWord(value)) continue
    rewritten[at] = words === 2 ? '--output' : `--output=${value}`
  }
  return rewritten
}

/** Whether JSON was asked for, even when the rest of the line cannot be parsed. */
export function wantsJson(argv: readonly string[], flags: FlagShapes): boolean {
  return tokens(rewriteFormatFlag(argv, flags), flags).some(
    ({ flag, value }) => flag === 'json' || (flag === 'output' && (value === 'json' || value === 'ndjson')),
  )
}

/** Whether help was asked for: not as the value of another flag. */
export function wantsHelp(argv: readonly string[], flags: FlagShapes): boolean {
  return tokens(argv, { ...flags, help: { type: 'boolean', char: 'h' } }).some(({ flag }) => flag === 'help')
}

function tokens(argv: readonly string[], flags: FlagShapes): Token[] {
  const found: Token[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    if (word === '--') break
    if (!word.startsWith('-') || word === '-') continue
    const token = word.startsWith('--') ? longToken(argv, at, flags) : shortToken(argv, at, flags)
    found.push(token)
    at += token.words - 1
  }
  return found
}

function longToken(argv: readonly string[], at: number, flags: FlagShapes): Token {
  const word = argv[at]!
  const equals = word.indexOf('=')
  const name = word.slice(2, equals === -1 ? undefined : equals)
  const flag = Object.keys(flags).find((key) => key === name || flags[key]!.aliases?.includes(name)) ?? null
  return withValue(argv, at, flags, flag, equals === -1 ? null : word.slice(equals + 1))
}

/** `-t x`, `-tx`, `-t=x`, and `-lt x`: letters without a value may stand before the last one. */
function shortToken(argv: readonly string[], at: number, flags: FlagShapes): Token {
  const word = argv[at]!
  for (let i = 1; i < word.length; i++) {
    const flag = Object.keys(flags).find((key) => flags[key]!.char === word[i]) ?? null
    if (flag === null || flags[flag]!.type === 'option') {
      const rest = word.slice(i + 1).replace(/^=/, '')
      return withValue(argv, at, flags, flag, rest === '' ? null : rest)
    }
    if (i === word.length - 1 || flag === 'help') return { flag, value: null, at, words: 1 }
  }
  return { flag: null, value: null, at, words: 1 }
}

function withValue(
  argv: readonly string[],
  at: number,
  flags: FlagShapes,
  flag: string | null,
  inline: string | null,
): Token {
  const takesNext = inline === null && flag !== null && flags[flag]!.type === 'option' && at + 1 < argv.length
  return takesNext ? { flag, value: argv[at + 1]!, at, words: 2 } : { flag, value: inline, at, words: 1 }
}

import { Chalk } from 'chalk'
import { stripVTControlCharacters } from 'node:util'
import { MqError } from '../core/errors.ts'

/** Anything thrown, as an error for people. What is not ours keeps its first line and its cause. */
export function asMqError(thrown: unknown): MqError {
  if (thrown instanceof MqError) return cleaned(thrown)
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const usage = isParserError(error)
  return new MqError(usage ? 'MQ_USAGE' : 'MQ_FAILED', plainMessage(error.message), { cause: error })
}

/** oclif's errors all carry its own `oclif` mark; only parsing can raise them here. */
function isParserError(error: Error): boolean {
  return 'oclif' in error
}

/** oclif writes its frame into the message of what a flag's parse threw. */
function cleaned(error: MqError): MqError {
  const message = plainMessage(error.message)
  if (message === error.message) return error
  return new MqError(error.code, message, { hint: error.hint, cause: error })
}

const parserWords: readonly (readonly [RegExp, string])[] = [
  [/\s*See more help with --help$/, ''],
  [/^The following errors? occurred:\s*/, ''],
  [/^Parsing --(\S+)\s+/, '--$1: '],
  [/^Missing \d+ required args?:\s*(\w+)[\s\S]*/, 'missing $1'],
  [/^Nonexistent flags?: /, 'unknown flag '],
  [/^Unexpected arguments?: /, 'unexpected argument '],
  [/Missing required flag (\S+)/g, 'missing required flag --$1'],
  [/^Flag (--\S+) expects a value/, '$1 needs a value'],
  [/^Flag (--\S+) can only be specified once/, '$1 is given more than once'],
]

/** One line, in our words. */
function plainMessage(message: string): string {
  let text = stripVTControlCharacters(message).trim()
  for (const [pattern, words] of parserWords) text = text.replace(pattern, words)
  return text.replaceAll(/\s*[\r\n]+\s*/g, '; ')
}

/** What goes to stderr: two lines for people, or one object. */
export function failureText(error: MqError, json: boolean, colour: boolean): string {
  const { code, message, hint } = error
  if (json) return JSON.stringify({ error: { code, message, hint } }) + '\n'
  const { red } = new Chalk({ level: colour ? 1 : 0 })
  return `${red('error:')} ${message}\nhint: ${hint}\n`
}

/** Colour follows the terminal, NO_COLOR and FORCE_COLOR; what is printed never does. */
export function usesColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTerminal && env.TERM !== 'dumb'
}

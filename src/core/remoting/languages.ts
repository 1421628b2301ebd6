/** RocketMQ's LanguageCode: index is the code of binary headers. */
export const languages = [
  'JAVA', 'CPP', 'DOTNET', 'PYTHON', 'DELPHI', 'ERLANG', 'RUBY', 'OTHER', 'HTTP', 'GO', 'PHP', 'OMS',
  'RUST', 'NODE_JS',
] as const // prettier-ignore

export const ourLanguage = 'NODE_JS'

export function languageCode(name: string): number {
  const code = (languages as readonly string[]).indexOf(name)
  return code === -1 ? languages.indexOf('OTHER') : code
}

export function languageName(code: number): string {
  return languages[code] ?? 'OTHER'
}

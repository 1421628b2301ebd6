/** RocketMQ's LanguageCode: index is the code of binary headers. */
export const languages = [
  'JAVA', 'CPP', 'DOTNET', 'PYTHON', 'DELPHI', 'ERLANG', 'RUBY', 'OTHER', 'HTTP', 'GO', 'PHP', 'OMS', 'RUST', 'NODE_JS',
] as const // prettier-ignore

export const ourLanguage = 'NODE_JS'

/** MQVersion.V5_5_0: peers decide by it what they may send us. */
export const ourVersion = 513
/** Its name, as clusterList prints it. */
export const ourVersionText = 'V5_5_0'

export function languageCode(name: string): number {
  const code = (languages as readonly string[]).indexOf(name)
  return code === -1 ? languages.indexOf('OTHER') : code
}

export function languageName(code: number): string {
  return languages[code] ?? 'OTHER'
}

export const shells = ['bash', 'zsh', 'fish'] as const

const bash = `_pocketmq() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _pocketmq pocketmq mqadmin
`

const zsh = `#compdef pocketmq mqadmin
_pocketmq() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#found} )) && [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _pocketmq pocketmq mqadmin
`

const fish = `function __pocketmq
    set -l line (commandline -opc) (commandline -ct)
    $line[1] completion words -- $line[2..-1] 2>/dev/null
end
complete -c pocketmq -a '(__pocketmq)'
complete -c mqadmin -a '(__pocketmq)'
`

/** Null for a shell that is none of `shells`. */
export function completionScript(shell: string): string | null {
  const scripts: Readonly<Record<string, string>> = { bash, zsh, fish }
  return Object.hasOwn(scripts, shell) ? scripts[shell]! : null
}

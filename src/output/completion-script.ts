export const shells = ['bash', 'zsh', 'fish'] as const

/** From the line itself: bash's own words end at every colon, and so in the middle of `-n host:port`. */
const bash = `_pocketmq() {
  local IFS=$'\\n' line="\${COMP_LINE:0:COMP_POINT}"
  local -a words
  IFS=$' \\t' read -ra words <<< "\${line#*"\${COMP_WORDS[0]}"}"
  if [[ "$line" == *[[:space:]] ]]; then words+=(""); fi
  COMPREPLY=($("\${COMP_WORDS[0]}" completion words -- "\${words[@]}" 2>/dev/null))
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

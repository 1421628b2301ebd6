export const shells = ['bash', 'zsh', 'fish'] as const

// In each `pocketmq` answers for `mqadmin`, too: that one may be RocketMQ's, a JVM for each key press.

/**
 * From the line itself: bash's own words end at every colon, and so in the middle of `-n host:port`. They
 * also end at a `=`, behind which it puts what is found.
 */
const bash = `_pocketmq() {
  local IFS=$'\\n' line="\${COMP_LINE:0:COMP_POINT}" program="\${COMP_WORDS[0]/%mqadmin/pocketmq}"
  local -a words
  IFS=$' \\t' read -ra words <<< "\${line#*"\${COMP_WORDS[0]}"}"
  if [[ "$line" == *[[:space:]] ]]; then words+=(""); fi
  COMPREPLY=($("$program" completion words -- "\${words[@]}" 2>/dev/null))
  if [[ "$COMP_WORDBREAKS" == *=* ]]; then COMPREPLY=("\${COMPREPLY[@]#--*=}"); fi
}
complete -o default -F _pocketmq pocketmq mqadmin
`

/** Sourced, or a file in fpath: that is the function itself, the first time it is called. */
const zsh = `#compdef pocketmq mqadmin
_pocketmq() {
  local -a found
  found=("\${(@f)$("\${words[1]/%mqadmin/pocketmq}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#found} )) && [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
if [[ "\${funcstack[1]}" == _pocketmq ]]; then
  _pocketmq "$@"
else
  if (( ! \${+functions[compdef]} )); then autoload -Uz compinit && compinit; fi
  compdef _pocketmq pocketmq mqadmin
fi
`

const fish = `function __pocketmq
    set -l line (commandline -opc) (commandline -ct)
    set -l program (string replace -r 'mqadmin$' pocketmq -- $line[1])
    set -l found ($program completion words -- $line[2..-1] 2>/dev/null)
    if count $found >/dev/null
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c pocketmq -f -a '(__pocketmq)'
complete -c mqadmin -f -a '(__pocketmq)'
`

/** Null for a shell that is none of `shells`. */
export function completionScript(shell: string): string | null {
  const scripts: Readonly<Record<string, string>> = { bash, zsh, fish }
  return Object.hasOwn(scripts, shell) ? scripts[shell]! : null
}

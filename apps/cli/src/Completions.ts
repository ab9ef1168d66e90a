/** Completions of shells, generated from the table of commands. */
import { allFlags, type Command, type Flag } from "./Command.ts"

/** The commands with their tables. */
export type Loaded = Readonly<Record<string, { readonly about: string; readonly command: Command }>>

/** The shells. */
export const shells = ["bash", "zsh", "fish"] as const

const flagsOf = (command: Command, action?: string): Readonly<Record<string, Flag>> =>
  action === undefined ? command.actions === undefined ? command.flags : {} : {
    ...command.actions?.[action]?.flags,
    ...command.flags,
  }

const words = (flags: Readonly<Record<string, Flag>>): string =>
  [...Object.keys(flags), "help"].map((name) => `--${name}`).join(" ")

/** The values of flags that take few, for the whole of a command. */
const choices = (command: Command): ReadonlyArray<readonly [string, ReadonlyArray<string>]> =>
  Object.entries(allFlags(command)).flatMap(([name, { of }]) => of === undefined ? [] : [[name, of] as const])

const bash = (loaded: Loaded): string => {
  const cases = Object.entries(loaded).flatMap(([name, { command }]) => {
    const actions = Object.keys(command.actions ?? {})
    return [
      ...choices(command).map(([flag, of]) => `    "${name} "*" --${flag}") words="${of.join(" ")}" ;;`),
      ...actions.map((action) => `    "${name} ${action} "*) words="${words(flagsOf(command, action))}" ;;`),
      `    "${name} "*) words="${
        [...actions, words(actions.length === 0 || command.needsNoAction ? command.flags : {})].join(" ")
      }" ;;`,
    ]
  })
  return `# bash completion of stint: source <(stint completions bash)
_stint() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  local command="\${COMP_WORDS[1]}" action="\${COMP_WORDS[2]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${Object.keys(loaded).join(" ")} --help --version"
  else
    [ "$COMP_CWORD" -eq 2 ] && action=""
    case "$command $action $previous" in
${cases.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ "\${#COMPREPLY[@]}" -eq 0 ] && compopt -o default 2>/dev/null
}
complete -F _stint stint`
}

/** A text between single quotes, as all three shells take it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const zshFlags = (flags: Readonly<Record<string, Flag>>): string =>
  Object.entries({ ...flags, help: { about: "says what it takes" } as Flag }).map(([name, { about, of, value }]) => {
    const told = about.replaceAll(/[[\]:]/g, " ")
    const takes = value === undefined
      ? ""
      : `:${value.replaceAll(/[[\]:]/g, " ")}:${of === undefined ? "_files" : `(${of.join(" ")})`}`
    return quoted(`--${name}[${told}]${takes}`)
  }).join(" ")

const zsh = (loaded: Loaded): string => {
  const described = (entries: ReadonlyArray<readonly [string, string]>): string =>
    entries.map(([name, about]) => quoted(`${name}:${about.replaceAll(":", " ")}`)).join(" ")
  const cases = Object.entries(loaded).map(([name, { command }]) => {
    const actions = Object.entries(command.actions ?? {})
    if (actions.length === 0) return `    ${name}) _arguments ${zshFlags(command.flags)} '*:word:_files' ;;`
    const inner = actions.map(([action]) =>
      `      ${action}) _arguments ${zshFlags(flagsOf(command, action))} '*:word:_files' ;;`
    )
    return `    ${name})
      if (( CURRENT == 3 )); then
        local -a actions=(${described(actions.map(([action, { about }]) => [action, about]))})
        _describe action actions
      else case $words[3] in
${inner.join("\n")}
      esac; fi ;;`
  })
  return `#compdef stint
# zsh completion of stint: source <(stint completions zsh), or stint completions zsh > a folder of $fpath/_stint
_stint() {
  if (( CURRENT == 2 )); then
    local -a commands=(${described(Object.entries(loaded).map(([name, { about }]) => [name, about]))})
    _describe command commands
  else case $words[2] in
${cases.join("\n")}
  esac; fi
}
compdef _stint stint`
}

const fish = (loaded: Loaded): string => {
  const flagLines = (when: string, flags: Readonly<Record<string, Flag>>): ReadonlyArray<string> =>
    Object.entries(flags).map(([name, { about, of, value }]) =>
      `complete -c stint -n ${quoted(when)} -l ${name} -d ${quoted(about)}` +
      (value === undefined ? "" : of === undefined ? " -r" : ` -x -a ${quoted(of.join(" "))}`)
    )
  const lines = Object.entries(loaded).flatMap(([name, { about, command }]) => {
    const seen = `__fish_seen_subcommand_from ${name}`
    const actions = Object.entries(command.actions ?? {})
    const none = actions.map(([action]) => action).join(" ")
    return [
      `complete -c stint -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
      ...actions.map(([action, { about }]) =>
        `complete -c stint -n ${quoted(`${seen}; and not __fish_seen_subcommand_from ${none}`)} -f -a ${action} -d ${
          quoted(about)
        }`
      ),
      ...flagLines(seen, command.flags),
      ...actions.flatMap(([action, { flags = {} }]) =>
        flagLines(`${seen}; and __fish_seen_subcommand_from ${action}`, flags)
      ),
    ]
  })
  return `# fish completion of stint: stint completions fish | source\n${lines.join("\n")}`
}

/** The script of a shell. */
export const completionsFor = (shell: typeof shells[number], loaded: Loaded): string =>
  ({ bash, zsh, fish })[shell](loaded)

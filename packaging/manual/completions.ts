import type { ManualCommand, ManualFlag } from './commands.ts';

/** Completion of commands, flags and the values of flags that have few, for bash. */
export function bashCompletion(commands: readonly ManualCommand[]): string {
  return `# Completion of streamctl for bash.
_streamctl() {
    local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} typed= word words=
    for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == -* ]] || typed+="$word "
    done
    case "$typed|$previous" in
${caseLines(choiceCases(commands), 'words', '        ')}
    esac
    if [[ -z $words ]]; then
        case "$typed" in
${caseLines(wordCases(commands), 'words', '            ')}
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o bashdefault -o default -F _streamctl streamctl
`;
}

/** The same for zsh. */
export function zshCompletion(commands: readonly ManualCommand[]): string {
  return `#compdef streamctl
# Completion of streamctl for zsh.
_streamctl() {
    local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} typed= word choices=
    for word in "\${(@)words[2,CURRENT-1]}"; do
        [[ $word == -* ]] || typed+="$word "
    done
    case "$typed|$previous" in
${caseLines(choiceCases(commands), 'choices', '        ')}
    esac
    if [[ -z $choices ]]; then
        case "$typed" in
${caseLines(wordCases(commands), 'choices', '            ')}
        esac
    fi
    compadd -- \${=choices}
    [[ $current == -* ]] || _files
}
_streamctl "$@"
`;
}

type Case = readonly [pattern: string, words: readonly string[]];

function caseLines(cases: readonly Case[], variable: string, indent: string): string {
  return cases.map(([pattern, words]) => `${indent}${pattern}) ${variable}='${words.join(' ')}' ;;`).join('\n');
}

/** After the words of a command its flags, after those of a topic its commands: the longer patterns first. */
function wordCases(commands: readonly ManualCommand[]): Case[] {
  const topics = Map.groupBy(
    commands.filter(({ name }) => name.includes(' ')),
    ({ name }) => name.split(' ')[0]!,
  );
  const first = new Set(commands.map(({ name }) => name.split(' ')[0]!));
  return [
    ...commands.map(({ name, flags }): Case => [`'${name} '*`, [...flags.flatMap(spelled), '--help']]),
    ...[...topics].map(([topic, members]): Case => [`'${topic} '*`, members.map(({ name }) => name.split(' ')[1]!)]),
    ["''", [...first, '--help', '--version']],
  ];
}

function choiceCases(commands: readonly ManualCommand[]): Case[] {
  return commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ choices }) => choices.length > 0)
      .map((flag): Case => [`'${name} '*'|--${flag.name}'`, flag.choices]),
  );
}

function spelled({ name }: ManualFlag): string[] {
  return name.startsWith('[no-]') ? [`--${name.slice(5)}`, `--no-${name.slice(5)}`] : [`--${name}`];
}

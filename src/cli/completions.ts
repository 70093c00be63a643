import type { CompletedNames } from './completed-names.ts';
import type { ManualCommand, ManualFlag } from './manual-commands.ts';

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
    if [[ -z $words && $current != -* ]]; then
        case "$typed" in
${nameLines(commands, 'words')}
        esac
    fi
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
    if [[ -z $choices && $current != -* ]]; then
        case "$typed" in
${nameLines(commands, 'choices')}
        esac
    fi
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

/** The same for fish, with what each word is for. */
export function fishCompletion(commands: readonly ManualCommand[]): string {
  const first = new Map(commands.map(({ name, summary }) => [name.split(' ')[0]!, name.includes(' ') ? '' : summary]));
  return `# Completion of streamctl for fish.
function __streamctl_at --description 'Whether exactly these words were typed, flags aside'
    test "(commandline -opc | string match -v -- '-*')[2..]" = "$argv"
end
function __streamctl_in --description 'Whether these are the first words that were typed'
    set -l typed (commandline -opc | string match -v -- '-*')
    test "$typed[2..(math 1 + (count $argv))]" = "$argv"
end
complete -c streamctl -f
${[...first].map(([word, summary]) => fishLine('__streamctl_at', `-a ${word}`, summary)).join('\n')}
${commands.flatMap(fishLines).join('\n')}
`;
}

function fishLines({ name, summary, args, flags }: ManualCommand): string[] {
  const [topic, verb] = name.split(' ');
  const names = namesOf(args[0]?.name);
  return [
    ...(verb === undefined ? [] : [fishLine(`__streamctl_at ${topic}`, `-a ${verb}`, summary)]),
    ...(names === undefined ? [] : [fishLine(`__streamctl_at ${name}`, `-a '(${nameCommand(names)})'`, '')]),
    ...flags.flatMap((flag) => {
      const value =
        flag.value === undefined ? '' : ` -r${flag.choices.length > 0 ? ` -a '${flag.choices.join(' ')}'` : ''}`;
      return spelled(flag).map((word) =>
        fishLine(`__streamctl_in ${name}`, `-l ${word.slice(2)}${value}`, flag.description),
      );
    }),
  ];
}

function fishLine(condition: string, words: string, description: string): string {
  const told = description === '' ? '' : ` -d '${description.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
  return `complete -c streamctl -n '${condition}' ${words}${told}`;
}

/** What an argument of this name may be, where the program can tell. */
function namesOf(argument: string | undefined): CompletedNames | undefined {
  switch (argument) {
    case 'KEY':
      return 'keys';
    case 'STREAM':
      return 'streams';
    case 'TOKEN':
      return 'tokens';
    default:
      return undefined;
  }
}

function nameCommand(names: CompletedNames): string {
  return `streamctl completions --names ${names} 2>/dev/null`;
}

function nameLines(commands: readonly ManualCommand[], variable: string): string {
  const lines = commands.flatMap(({ name, args }) => {
    const names = namesOf(args[0]?.name);
    return names === undefined ? [] : [`            '${name} ') ${variable}=$(${nameCommand(names)}) ;;`];
  });
  return lines.join('\n');
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

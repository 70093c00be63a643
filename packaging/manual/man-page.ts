import type { ManualCommand, ManualFlag } from '../../src/cli/manual-commands.ts';

/** streamctl(1), for man. `date` as 2026-11-23. */
export function manPage(commands: readonly ManualCommand[], version: string, date: string): string {
  const lines = [
    `.TH STREAMCTL 1 "${date}" "streamctl ${version}" "User Commands"`,
    ...['.SH NAME', 'streamctl \\- self\\-hosted live streaming server'],
    ...['.SH SYNOPSIS', '.B streamctl', '.I COMMAND', '[\\fIARGUMENTS\\fR] [\\fIFLAGS\\fR]'],
    '.SH DESCRIPTION',
    roff('One program that takes RTMP from a broadcaster and serves HLS, low-latency HLS and DASH to viewers.'),
    '.B streamctl serve',
    roff('runs the server; the other commands ask it, or work on its data while it does not run.'),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH FILES',
    ...entry('/etc/streamctl/streamctl.yaml', 'The configuration, every value with its default.'),
    ...entry('/var/lib/streamctl', 'Keys, streams, events, and the secret that keys depend on.'),
    ...entry('/run/streamctl/control.sock', 'Where commands find the running server.'),
    '.SH SIGNALS',
    ...entry('SIGTERM, SIGINT', 'Drain and stop; the second one exits at once.'),
    ...entry('SIGHUP', 'Read the configuration again; what needs a restart is said in the log.'),
    '.SH EXIT STATUS',
    roff('0 success, 1 failure, 2 wrong usage or configuration, 3 not found, 4 refused, 5 out of reach.'),
    roff('streamctl explain CODE tells about an error.'),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines({ name, summary, description, args, flags, examples }: ManualCommand): string[] {
  const words = args.map(({ name: arg, isRequired }) => (isRequired ? arg : `[${arg}]`));
  return [
    `.SS ${[name, ...words].map(roff).join(' ')}`,
    roff(summary),
    ...(description === '' ? [] : ['.PP', roff(description)]),
    ...args.flatMap(({ name: arg, description: text }) => entry(arg, text)),
    ...flags.flatMap((flag) => entry(flagWords(flag), flag.description)),
    ...examples.flatMap((example) => ['.PP', '.nf', ...example.split('\n').map(roff), '.fi']),
  ];
}

function flagWords({ name, char, value }: ManualFlag): string {
  return `${char === undefined ? '' : `-${char}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function entry(term: string, text: string): string[] {
  return ['.TP', `.B ${roff(term)}`, roff(text)];
}

/** Text as roff prints it: hyphens that can be copied, and no line that is taken for a request. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...').replaceAll('’', "'");
  return escaped
    .split('\n')
    .map((line) => line.trim().replace(/^[.']/, '\\&$&'))
    .join('\n');
}

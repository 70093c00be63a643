import { chmod } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Child } from '../child.ts';
import { temporaryFolder } from '../temp-folder.ts';
import { until } from '../until.ts';

export interface ProgramPlayReport {
  readonly startupMs: number | undefined;
  readonly playedSeconds: number;
  readonly stalls: number;
  readonly errors: readonly string[];
  readonly frames: number;
  readonly droppedFrames: number;
}

const waitSeconds = 10;

function linesLike(text: string, pattern: RegExp): string[] {
  return text
    .split(/[\r\n]+/)
    .filter((line) => pattern.test(line))
    .slice(0, 10);
}

/** Plays with mpv, without picture and sound but at their pace, for `seconds` after the start. */
export async function playWithMpv(url: string, seconds: number): Promise<ProgramPlayReport> {
  const startedMs = performance.now();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: mpv's own placeholders
  const status = 'S ${=time-pos} ${paused-for-cache} ${frame-drop-count} ${estimated-frame-number}';
  const child = new Child('mpv', [
    ...['--no-config', '--vo=null', '--ao=null', '--terminal=yes', '--msg-level=all=warn,statusline=status'],
    ...[`--term-status-msg=${status}\n`, url],
  ]);
  const samples = () => [...`${child.stdout}${child.stderr}`.matchAll(/S ([\d.]+) (yes|no) (\d+|) ?(\d+|)/g)];
  const isPlaying = until('mpv plays', () => samples().length > 3 || !child.isRunning, waitSeconds * 1000);
  await isPlaying.catch(() => {});
  const startupMs = samples().length > 3 ? performance.now() - startedMs : undefined;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const hasEndedEarly = !child.isRunning;
  await child.stop();
  const seen = samples();
  const [first, last] = [seen[0], seen.at(-1)];
  let stalls = 0;
  for (const [index, sample] of seen.entries()) {
    // Waiting before the first picture is the start, not a stall.
    const isAfterStart = Number(sample[1]) - Number(first?.[1]) > 0.1;
    if (isAfterStart && sample[2] === 'yes' && seen[index - 1]?.[2] !== 'yes') stalls++;
  }
  const errors = linesLike(`${child.stdout}\n${child.stderr}`, /error|fail|invalid|corrupt/i);
  if (hasEndedEarly) errors.push('mpv ended by itself');
  return {
    startupMs,
    playedSeconds: Number(last?.[1] ?? 0) - Number(first?.[1] ?? 0),
    stalls,
    errors,
    frames: Number(last?.[4] ?? 0),
    droppedFrames: Number(last?.[3] ?? 0),
  };
}

/** Plays with VLC into its dummy outputs. VLC refuses to run as root: then it runs as nobody. */
export async function playWithVlc(url: string, seconds: number): Promise<ProgramPlayReport> {
  const startedMs = performance.now();
  const home = await temporaryFolder('vlc');
  await chmod(home.path, 0o777);
  const socket = join(home.path, 'control');
  const vlc = [
    ...['cvlc', '-I', 'oldrc', '--rc-fake-tty', '--rc-unix', socket, '--vout=dummy', '--aout=dummy'],
    ...['--no-metadata-network-access', '-vv', url],
  ];
  const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
  const [command = '', ...args] = process.getuid?.() === 0 ? [...asNobody, ...vlc] : vlc;
  const child = new Child(command, args, { env: { ...process.env, HOME: home.path, XDG_RUNTIME_DIR: home.path } });
  const bufferings = () => child.stderr.match(/Stream buffering done/g)?.length ?? 0;
  await until('VLC plays', () => bufferings() > 0 || !child.isRunning, waitSeconds * 1000).catch(() => {});
  const startupMs = bufferings() > 0 ? performance.now() - startedMs : undefined;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const statistics = child.isRunning ? await ask(socket, 'stats').catch(String) : 'VLC ended by itself';
  const number = (name: string) => Number(new RegExp(`${name}\\s*:\\s*(\\d+)`).exec(statistics)?.[1] ?? 0);
  const stalls = Math.max(0, bufferings() - 1);
  // Its remote controls for desktops find no desktop here.
  // VLC says of itself that its decoder waited for a picture buffer: on a busy machine, whatever it plays.
  const errors = linesLike(child.stderr, /(?<!interface|libvlc) error: (?!buffer deadlock prevented)/);
  if (!statistics.includes('video decoded')) errors.push(statistics.slice(0, 200));
  await child.stop();
  await home.remove();
  return {
    startupMs,
    playedSeconds: startupMs === undefined ? 0 : (performance.now() - startedMs - startupMs) / 1000,
    stalls,
    errors,
    frames: number('frames displayed') || number('video decoded'),
    droppedFrames: number('frames lost'),
  };
}

/** One command of VLC's remote control, and what it answers. */
function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let answer = '';
    connection.setEncoding('utf8');
    connection.on('data', (data: string) => {
      answer += data;
      if (answer.includes('end of statistical info')) connection.end();
    });
    connection.on('connect', () => connection.write(`${command}\n`));
    connection.on('close', () => resolve(answer));
    connection.on('error', reject);
    connection.setTimeout(5000, () => connection.destroy());
  });
}

/** Plays with ffmpeg's own HLS or DASH reader, decoding everything, until `seconds` of media have come. */
export async function playWithFfmpeg(url: string, seconds: number): Promise<ProgramPlayReport> {
  const startedMs = performance.now();
  const child = new Child('ffmpeg', [
    ...['-hide_banner', '-nostdin', '-loglevel', 'warning', '-progress', 'pipe:1', '-stats_period', '0.1'],
    ...['-i', url, '-t', String(seconds), '-f', 'null', '-'],
  ]);
  let startupMs: number | undefined;
  let lastMoveMs = 0;
  let lastFrame = 0;
  let stalls = 0;
  const framesSoFar = () =>
    Number(
      child.stdout
        .match(/frame=\s*(\d+)/g)
        ?.at(-1)
        ?.match(/\d+/)?.[0] ?? 0,
    );
  const timer = setInterval(() => {
    const now = performance.now();
    const frame = framesSoFar();
    if (frame > 0) startupMs ??= now - startedMs;
    // It reads a segment in one go and waits for the next: only more than two long ones apart is a stall.
    if (frame > lastFrame) {
      if (lastMoveMs > 0 && now - lastMoveMs > 5000) stalls++;
      lastMoveMs = now;
    }
    lastFrame = frame;
  }, 50);
  const deadline = setTimeout(() => void child.stop('SIGINT'), (seconds * 2 + waitSeconds) * 1000);
  const { code, stderr } = await child.exited;
  clearInterval(timer);
  clearTimeout(deadline);
  // Each HLS segment is opened with its init segment before it: ffmpeg's reader remarks on its own doing.
  const errors = linesLike(stderr.replace(/^.*duplicated MOOV Atom.*\n(\s+Last message repeated.*\n)?/gm, ''), /\S/);
  if (code !== 0) errors.push(`exit code ${code}`);
  const playedUs = Number(
    child.stdout
      .match(/out_time_us=(\d+)/g)
      ?.at(-1)
      ?.slice(12) ?? 0,
  );
  const drops = Number(
    child.stdout
      .match(/drop_frames=(\d+)/g)
      ?.at(-1)
      ?.slice(12) ?? 0,
  );
  return { startupMs, playedSeconds: playedUs / 1e6, stalls, errors, frames: framesSoFar(), droppedFrames: drops };
}

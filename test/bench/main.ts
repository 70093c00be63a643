import { parseArgs } from 'node:util';
import { benchAnalytics } from './analytics-size.ts';
import { benchAudience } from './audience.ts';
import { benchCurve } from './curve.ts';
import { benchFaults } from './faults.ts';
import { benchIngest } from './ingest.ts';
import { benchLadderBudget } from './ladder-budget.ts';
import { benchLatency } from './latency.ts';
import { benchMixed } from './mixed.ts';
import { nginxRtmp } from './peers/nginx-rtmp.ts';
import { nodeMediaServer } from './peers/node-media-server.ts';
import type { PeerKind } from './peers/peer.ts';
import { streamctl } from './peers/streamctl.ts';
import { benchRelease } from './release.ts';
import { Report } from './report.ts';
import { benchRequests, requestServers, requestsMissing } from './requests.ts';
import { sessionKeepers } from './session-keepers.ts';
import { benchSessionMemory } from './session-memory.ts';
import { benchSessions } from './sessions.ts';
import { allSessions } from './sessions-script.ts';
import { benchSockets } from './sockets.ts';
import { benchSwitching, switchingPlayers } from './switching.ts';
import { benchTop } from './top.ts';
import { benchTranscode } from './transcode.ts';
import { benchTranscodeQuality } from './transcode-quality.ts';
import { benchTranscodeRestart } from './transcode-restart.ts';
import { benchViewers, type ViewedServer, viewedServers } from './viewers.ts';
import { benchWrongKeys } from './wrong-keys.ts';

const usage = `npm run bench -- NAME [options]     JSON lines on stdout, a summary on stderr

  latency   age of every frame when it can be downloaded
  ingest    CPU per stream-second and memory of publishers of 2.5 Mbit/s
  requests  CPU per playlist and segment request: fast lane, node:http, nginx
  viewers   N viewers of one broadcast of 450 kbit/s over real sockets, beside nginx with the same bytes
  audience  N viewers of one broadcast who come and go, each a session: the server's count beside who really watches, and what counting costs;
            --with-clickhouse, --with-redis: the same while both are away for a minute
  session-memory   what a viewer's session takes of control's heap, by what is known of viewers; with --check: exit code 1 above 1,024 bytes
  release   N viewers blocked on the next part of one playlist: first to last answer, and memory when they are gone
  mixed     broadcasts of 2.5 Mbit/s while viewers watch another, and the age of a probe's frames
  faults    what viewers and publishers notice when a delivery thread dies, and while the database is locked
  transcode a broadcast of 720p30 in 480p and 360p: cost, lag, age, alignment, and how many of them this machine holds;
            with --faults: the same with ffmpeg killed at one moment and stopped at another
  ladder-budget       five broadcasts that ask for more encoding than there is: the source's age, what is withheld, what comes when two end
  transcode-quality   similarity of each rung to its picture, by preset and bit rate
  transcode-restart   what an ffmpeg that takes over needs until its first frame
  curve     viewers and ingest in small steps, and docs/cost-curve.svg of them
  analytics sessions of viewers at SQLite, Postgres and two ClickHouses: inserts a second, size on disk, p95 of each question
  wrong-keys what viewers and a publisher notice of somebody who tries keys, and whether the time of a refusal tells anything
  sockets   N WebSockets, of which some never read: snapshots and their delay, CPU, memory, and 200 HLS viewers beside them
  top       what streamctl top takes of a core with three broadcasts, and what it shows
  sessions  30 scripted viewers with real players, and whether the server tells of them what they saw: start, stalls, qualities, how many
  switching real players between 5 and 1 Mbit/s: time to the lower quality and back, rebuffering, errors

  --seconds N        how long each measurement lasts (latency 30, ingest 15, requests 5, viewers, mixed, transcode 60, faults 20, curve 15)
  --servers A,B      streamctl, nginx-rtmp, node-media-server (viewers: streamctl, nginx); all that are installed
  --viewers N,N      viewers: how many at once (1000,2000,5000,10000); curve the same; mixed, faults: how many (2000), wrong-keys (500)
  --waiters N        release: how many (10000)
  --sockets N        sockets: how many at once (2000)
  --rate N           wrong-keys: attempts a second (1000)
  --kind KIND        viewers: hls or ll-hls (hls)
  --publishers N,N   ingest: how many at once (1,20,100); mixed: how many (100); faults (20); curve (1,20,50,100)
  --players A,B      switching: watch-page, hls.js, shaka-hls, shaka-dash, dash.js (all)
  --rounds N         switching: falls and rises of each player (20)
  --check            switching: a strict outsider reads everything beside; sessions, audience: exit code 1 where the server is wrong
  --behind nginx     sessions: a cache stands in front
  --together         switching: all players at once
  --sessions N       analytics: how many (1000000); sessions: only so many of the scripts (30)
  --keepers A,B      analytics: sqlite, postgres, clickhouse-18, clickhouse-26 (all that are installed)
  --broadcasts N     analytics: of how many broadcasts the sessions are (50)
  --chunks N,N       ingest: chunk sizes in bytes; 4096 as OBS sends, 128 as ffmpeg sends (4096)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    servers: { type: 'string' },
    publishers: { type: 'string' },
    viewers: { type: 'string' },
    waiters: { type: 'string', default: '10000' },
    sockets: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '1000' },
    kind: { type: 'string', default: 'hls' },
    players: { type: 'string', default: switchingPlayers.join(',') },
    rounds: { type: 'string', default: '20' },
    check: { type: 'boolean', default: false },
    'with-clickhouse': { type: 'boolean', default: false },
    'with-redis': { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    chunks: { type: 'string', default: '4096' },
    faults: { type: 'boolean', default: false },
    sessions: { type: 'string' },
    behind: { type: 'string' },
    keepers: { type: 'string', default: sessionKeepers.join(',') },
    broadcasts: { type: 'string', default: '50' },
    help: { type: 'boolean' },
  },
});

function numbers(name: string, text: string): number[] {
  const list = text.split(',').map(Number);
  if (list.some((value) => !Number.isInteger(value) || value < 1)) {
    throw new Error(`--${name} ${text}: whole numbers wanted, such as 1,20`);
  }
  return list;
}

function serversOf(all: readonly PeerKind[], report: Report): PeerKind[] {
  const wanted = values.servers?.split(',') ?? all.map((kind) => kind.name);
  const unknown = wanted.find((name) => !all.some((kind) => kind.name === name));
  if (unknown !== undefined) throw new Error(`--servers ${unknown}: one of ${all.map((kind) => kind.name).join(', ')}`);
  return all.filter((kind) => {
    const missing = wanted.includes(kind.name) ? kind.missing() : '';
    if (missing) report.progress(`left out: ${missing}`);
    return missing === undefined;
  });
}

function viewerKind(): 'hls' | 'll-hls' {
  if (values.kind === 'hls' || values.kind === 'll-hls') return values.kind;
  throw new Error(`--kind ${values.kind}: hls or ll-hls`);
}

function viewedBy(): ViewedServer[] {
  const wanted = values.servers?.split(',') ?? [...viewedServers];
  const unknown = wanted.find((name) => !viewedServers.some((server) => server === name));
  if (unknown !== undefined) throw new Error(`--servers ${unknown}: one of ${viewedServers.join(', ')}`);
  return viewedServers.filter((server) => wanted.includes(server));
}

/** The first interrupt ends the bench in order, with all it started. */
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort(new Error('interrupted')));

const [name = ''] = positionals;
const report = new Report(name);
try {
  const seconds = values.seconds === undefined ? undefined : numbers('seconds', values.seconds)[0];
  if (values.help === true) {
    process.stdout.write(usage);
  } else if (name === 'latency') {
    const peers = serversOf([streamctl, nginxRtmp], report);
    await benchLatency({ peers, seconds: seconds ?? 30 }, report, interrupt.signal);
  } else if (name === 'ingest') {
    const peers = serversOf([streamctl, nginxRtmp, nodeMediaServer], report);
    const publisherCounts = numbers('publishers', values.publishers ?? '1,20,100');
    const chunkSizesBytes = numbers('chunks', values.chunks);
    await benchIngest({ peers, publisherCounts, chunkSizesBytes, seconds: seconds ?? 15 }, report, interrupt.signal);
  } else if (name === 'requests') {
    const missing = requestsMissing();
    if (missing !== undefined) throw new Error(missing);
    const options = { servers: requestServers, seconds: seconds ?? 5, connections: 64 };
    await benchRequests(options, report, interrupt.signal);
  } else if (name === 'viewers') {
    const viewerCounts = numbers('viewers', values.viewers ?? '1000,2000,5000,10000');
    const options = { kind: viewerKind(), servers: viewedBy(), viewerCounts, seconds: seconds ?? 60 };
    await benchViewers(options, report, interrupt.signal);
  } else if (name === 'audience') {
    const viewers = numbers('viewers', values.viewers ?? '10000')[0]!;
    const backends = { withClickHouse: values['with-clickhouse'], withRedis: values['with-redis'] };
    const broken = await benchAudience({ viewers, seconds: seconds ?? 120, ...backends }, report, interrupt.signal);
    if (values.check && broken.length > 0) process.exitCode = 1;
  } else if (name === 'session-memory') {
    const viewers = numbers('viewers', values.viewers ?? '10000')[0]!;
    const isSmall = await benchSessionMemory({ viewers }, report);
    if (values.check && !isSmall) process.exitCode = 1;
  } else if (name === 'mixed') {
    const publishers = numbers('publishers', values.publishers ?? '100')[0]!;
    const viewers = numbers('viewers', values.viewers ?? '2000')[0]!;
    await benchMixed({ publishers, viewers, seconds: seconds ?? 60 }, report, interrupt.signal);
  } else if (name === 'faults') {
    const publishers = numbers('publishers', values.publishers ?? '20')[0]!;
    const viewers = numbers('viewers', values.viewers ?? '2000')[0]!;
    await benchFaults({ publishers, viewers, seconds: seconds ?? 20 }, report, interrupt.signal);
  } else if (name === 'analytics') {
    const sessions = numbers('sessions', values.sessions ?? '1000000')[0]!;
    const wanted = values.keepers.split(',');
    const keepers = sessionKeepers.filter((keeper) => wanted.includes(keeper));
    if (keepers.length < wanted.length) throw new Error(`--keepers: of ${sessionKeepers.join(', ')}`);
    const broadcasts = numbers('broadcasts', values.broadcasts)[0]!;
    await benchAnalytics({ sessions, keepers, broadcasts }, report);
  } else if (name === 'sockets') {
    const sockets = numbers('sockets', values.sockets)[0]!;
    await benchSockets({ sockets, seconds: seconds ?? 12 }, report, interrupt.signal);
  } else if (name === 'wrong-keys') {
    const viewers = numbers('viewers', values.viewers ?? '500')[0]!;
    const attemptsPerSecond = numbers('rate', values.rate)[0]!;
    await benchWrongKeys({ attemptsPerSecond, viewers, seconds: seconds ?? 20 }, report, interrupt.signal);
  } else if (name === 'transcode') {
    await benchTranscode({ seconds: seconds ?? 60, withFaults: values.faults }, report, interrupt.signal);
  } else if (name === 'top') {
    await benchTop(seconds ?? 30, report, interrupt.signal);
  } else if (name === 'ladder-budget') {
    await benchLadderBudget(seconds ?? 30, report, interrupt.signal);
  } else if (name === 'transcode-quality') {
    await benchTranscodeQuality(report, interrupt.signal);
  } else if (name === 'transcode-restart') {
    await benchTranscodeRestart(report, interrupt.signal);
  } else if (name === 'curve') {
    const viewerCounts = numbers('viewers', values.viewers ?? '1000,2000,5000,10000');
    const publisherCounts = numbers('publishers', values.publishers ?? '1,20,50,100');
    await benchCurve({ viewerCounts, publisherCounts, seconds: seconds ?? 15 }, report, interrupt.signal);
  } else if (name === 'sessions') {
    if (values.behind !== undefined && values.behind !== 'nginx') throw new Error(`--behind ${values.behind}: nginx`);
    const sessions = numbers('sessions', values.sessions ?? String(allSessions))[0]!;
    const wrong = await benchSessions({ sessions, isBehindNginx: values.behind === 'nginx' }, report, interrupt.signal);
    if (values.check && wrong > 0) process.exitCode = 1;
  } else if (name === 'switching') {
    const wanted = values.players.split(',');
    const players = switchingPlayers.filter((player) => wanted.includes(player));
    if (players.length < wanted.length) throw new Error(`--players: of ${switchingPlayers.join(', ')}`);
    const rounds = numbers('rounds', values.rounds)[0]!;
    const options = { players, rounds, isChecked: values.check, areTogether: values.together };
    await benchSwitching(options, report, interrupt.signal);
  } else if (name === 'release') {
    const waiters = numbers('waiters', values.waiters)[0]!;
    await benchRelease({ waiters, rounds: 5 }, report, interrupt.signal);
  } else {
    process.stderr.write(usage);
    process.exitCode = 2;
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/** What a case adds to the words of its finding. */
export type HostFindingDetails = Readonly<Record<string, string | number>>;

type Words = string | ((details: HostFindingDetails) => string);

/** What is said of a finding whatever was found. */
export interface HostFindingTexts {
  readonly title: string;
  /** For viewers, or for whoever publishes; absent where all is well. */
  readonly means?: Words;
  readonly remedy?: Words;
}

const withoutLadder = 'Viewers get the quality that is published and no other: on a slow line they stall.';
const refusedTls = 'Browsers and encoders refuse to connect.';
const renewal =
  'Renew it; the server takes new files over within seconds. Is the renewal timer on? systemctl list-timers';
const wrongTime =
  'Low-latency DASH players and signed links go by the time; viewers of a clock that is seconds off stall or are refused.';
const ntp = 'Keep it by NTP: timedatectl set-ntp true (Debian: apt-get install systemd-timesyncd or chrony).';

/** Where the error that was met says it. */
const asFound = 'As the finding says: it depends on why.';

/** The findings about a machine, by code. */
export const hostFindingTexts = {
  server: { title: 'Whether a server runs with this configuration.' },
  'setting-unavailable': {
    title: 'A setting asks for what this version cannot do.',
    means: ({ why }) => `Instead: ${why}.`,
    remedy: ({ path }) => `Take ${path} out of the configuration.`,
  },
  port: { title: 'A port is free, or held by the server that runs.' },
  'port-not-held': {
    title: 'A server runs, and does not listen where this configuration says.',
    means: ({ who }) => `At this address ${who}.`,
    remedy: 'The server was started with another configuration: restart it, or give this command the same one.',
  },
  'port-unusable': {
    title: 'A port cannot be opened.',
    means: ({ who }) => `The server does not start, so ${who}.`,
    remedy: ({ path, why }) =>
      why === 'privileged'
        ? 'Ports below 1024 need a right: AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit file, or a port above.'
        : `Correct ${path}: an address of this machine, or 0.0.0.0.`,
  },
  'port-taken': {
    title: 'A port is held by another program.',
    means: ({ who }) => `The server does not start, so ${who}.`,
    remedy: ({ port }) => `End that program, or choose another port. Who holds it: ss -ltnp 'sport = :${port}'`,
  },
  'open-files': { title: 'So many files may be open that viewers find room.' },
  'open-files-few': {
    title: 'So few files may be open that viewers find no room.',
    means: ({ room, why }) =>
      why === 'promised'
        ? `From about ${room} viewers on, new ones are not let in, and connections break at random.`
        : `From ${room} connections on, new viewers are told to come back later.`,
    remedy: 'LimitNOFILE=1048576 in the unit file, or ulimit -n before the start; then restart.',
  },
  clock: { title: 'The clock is kept by NTP.' },
  'clock-wrong': { title: 'The clock is years behind.', means: wrongTime, remedy: ntp },
  'clock-stepped': { title: 'The clock was set while it was looked at.', means: wrongTime, remedy: ntp },
  'clock-unknown': {
    title: 'Nothing tells whether the clock is kept by NTP.',
    means: wrongTime,
    remedy: `In a container the host keeps it. ${ntp}`,
  },
  'clock-not-kept': { title: 'The clock is not synchronised by NTP.', means: wrongTime, remedy: ntp },
  somaxconn: { title: 'The kernel lets enough connections wait to be accepted.' },
  'somaxconn-low': {
    title: 'The kernel lets few connections wait to be accepted.',
    means: 'When thousands open the page in the same second, some wait a second or three for their first answer.',
    remedy: ({ wanted }) => `sysctl -w net.core.somaxconn=${wanted}, kept in /etc/sysctl.d/; then restart the server.`,
  },
  'slow-start-after-idle': {
    title: 'The kernel begins slowly again on connections that rested.',
    means: 'Between two segments a connection rests, and begins each one slowly: far viewers see a lower quality.',
    remedy: 'sysctl -w net.ipv4.tcp_slow_start_after_idle=0, kept in /etc/sysctl.d/.',
  },
  firewall: {
    title: 'A firewall is on.',
    means: 'What it does not let in reaches neither viewers nor publishers.',
    remedy: ({ http, rtmp }) => `ufw allow ${http}/tcp; ufw allow ${rtmp}/tcp`,
  },
  'cpu-quota': {
    title: 'A container or unit may use fewer cores than it sees.',
    means: 'The ladder is planned for all of them, and falls behind: viewers of smaller qualities stall.',
    remedy: ({ percent }) =>
      `ladder.cpu_budget: ${percent}%, or a higher limit (docker run --cpus, CPUQuota= in the unit file).`,
  },
  'data-folder-new': { title: 'There is no data folder yet: the first start makes it.' },
  'data-folder': { title: 'The data folder and all in it belong to one user.' },
  'data-folder-owner': {
    title: 'The data folder, or something in it, belongs to another user than the server runs as.',
    means: 'The server cannot write what it must: keys are not changed, streams not remembered.',
    remedy: ({ owner, path }) => `chown -R ${owner} ${path}`,
  },
  'data-folder-open': {
    title: 'Others may read secrets in the data folder.',
    means: 'Whoever reads the store and the pepper can try keys; whoever reads the token is an administrator.',
    remedy: ({ files }) => `chmod go= ${files}`,
  },
  'store-new': { title: 'There is no store yet: the first start makes it.' },
  store: { title: 'The store opens, and is whole.' },
  'store-older': {
    title: 'The store is of an older version.',
    means: 'The next start brings it up to date.',
    remedy: ({ kind }) =>
      `Keep a copy before an update: ${kind === 'postgres' ? 'pg_dump' : 'streamctl db backup FILE'}`,
  },
  'store-slow': {
    title: 'The store answers slowly.',
    means: 'Broadcasts do not wait for it; keys and streams are shown and changed slowly.',
    remedy: ({ kind }) =>
      kind === 'postgres'
        ? 'Look at the way to Postgres, and at what else it does: select * from pg_stat_activity'
        : 'Put data_dir on a local SSD, and look at what else writes: iostat -x 1',
  },
  'store-unusable': {
    title: 'The store cannot be opened.',
    means: 'Without its store the server does not start; a running one goes on, and remembers nothing new.',
    remedy: asFound,
  },
  'disk-space': { title: 'There is room where the data folder is.' },
  'disk-space-little': {
    title: 'There is little room where the data folder is.',
    means: 'Broadcasts go on when the disk is full, but new keys and the history of streams are not kept.',
    remedy: 'Free some, or move data_dir. What takes most: du -xh --max-depth=2 / | sort -h | tail',
  },
  'disk-speed': { title: 'The disk is fast enough.' },
  'disk-slow': {
    title: 'The disk is slow.',
    means: 'Broadcasts do not wait for the disk; keys and streams are shown and changed slowly.',
    remedy: 'Put data_dir on a local SSD, not on a network share, and look at what else writes: iostat -x 1',
  },
  'disk-unwritable': {
    title: 'Nothing can be written where the data folder is.',
    means: 'The server does not start without its store: nobody can publish or watch.',
    remedy: 'Give the account that runs the server the right to write there, or choose another data_dir.',
  },
  memory: { title: 'There is memory for what media may take.' },
  'memory-little': {
    title: 'There is hardly memory for a broadcast.',
    means: 'A broadcast may be refused, or the system may end the server in the middle of one.',
    remedy: 'More memory, a shorter hls.window, or ladder.mode: off.',
  },
  'memory-taken': {
    title: 'Other programs hold memory that media may take.',
    means:
      'Other programs hold what broadcasts may come to need; then the system ends one of them, perhaps the server.',
    remedy: 'Look at who takes it (ps aux --sort=-rss | head), or shorten hls.window.',
  },
  'tls-off': {
    title: 'Viewers are served without TLS.',
    means: 'Low-latency HLS on Apple devices, and embedding in pages that are HTTPS, need HTTPS.',
    remedy: 'Set http.tls.cert and http.tls.key, or let nginx or a CDN do TLS in front.',
  },
  certificate: { title: 'A certificate and its key belong together, and are valid.' },
  'certificate-early': {
    title: "A certificate is not valid yet, or this machine's clock is wrong.",
    means: refusedTls,
    remedy: renewal,
  },
  'certificate-expired': { title: 'A certificate has expired.', means: refusedTls, remedy: renewal },
  'certificate-soon': { title: 'A certificate expires soon.', means: `Then: ${refusedTls}`, remedy: renewal },
  'certificate-other-host': {
    title: 'A certificate is not for the host of http.public_url.',
    means: refusedTls,
    remedy: ({ host }) => `A certificate for ${host}, or another http.public_url.`,
  },
  'certificate-unusable': {
    title: 'A certificate or its key cannot be used.',
    means: 'The server does not start.',
    remedy: asFound,
  },
  geoip: { title: 'The countries of viewers can be looked up.' },
  'geoip-unusable': {
    title: 'The GeoIP database cannot be used.',
    means: 'The server does not start; one that runs goes on with what it has read before.',
    remedy: asFound,
  },
  'ladder-off': {
    title: 'The ladder is not made by itself.',
    means: withoutLadder,
    remedy: 'ladder.mode: auto, where viewers should get smaller qualities.',
  },
  ffmpeg: { title: 'There is an ffmpeg that has what the ladder needs.' },
  'ffmpeg-missing': {
    title: 'There is no ffmpeg that has what the ladder needs.',
    means: withoutLadder,
    remedy: asFound,
  },
  encoder: { title: 'The encoder works on this machine.' },
  'encoder-missing': {
    title: 'No H.264 encoder works.',
    means: withoutLadder,
    remedy: 'Install a build with libx264 (Debian, Ubuntu: apt-get install ffmpeg).',
  },
  'encoder-replaced': {
    title: 'The encoder of ladder.encoder does not work here; another is used.',
    means: 'The processor does what a device was to do: fewer broadcasts get all their qualities.',
    remedy: ({ encoder }) =>
      `Make the device available to the server (driver, /dev access), or set ladder.encoder: ${encoder}.`,
  },
  'ladder-capacity': { title: 'The processor makes whole ladders.' },
  'ladder-capacity-small': {
    title: 'The processor does not make a whole ladder.',
    means: 'The best qualities are withheld from viewers; the smallest come first.',
    remedy: 'More cores, a device that encodes, fewer ladder.rungs, or publishing in 720p.',
  },
} as const satisfies Record<string, HostFindingTexts>;

export type HostFindingCode = keyof typeof hostFindingTexts;

/** What a finding means and what to do about it, in this case. */
export function hostFindingWords(code: HostFindingCode, details: HostFindingDetails) {
  const { title, means = '', remedy = '' }: HostFindingTexts = hostFindingTexts[code];
  const said = (words: Words) => (typeof words === 'string' ? words : words(details));
  return { title, means: said(means), remedy: said(remedy) };
}

import * as z from 'zod';
import { analyticsTarget } from './analytics-url.ts';
import { eventsTarget } from './events-url.ts';
import { ladder } from './ladder.ts';
import { realtimeTarget } from './realtime-url.ts';
import { autoOrCount, count, durationMs, flag, listenAddress, network, text, urlOf } from './values.ts';
import { webhooks } from './webhook.ts';

/*
 * The whole configuration: names, defaults, descriptions and checks. docs/configuration.md, config/streamctl.yaml,
 * config/schema.json, the STREAMCTL_… variables and the flags are all derived from here. Inside the program every
 * value has its unit in its name, so each section renames as it transforms.
 */

// biome-ignore lint/suspicious/noTemplateCurlyInString: stands in the file like this, and is filled in when loading
const dataDir = '${data_dir}';

const tlsPair = {
  cert: text('the path of a PEM certificate')
    .prefault('')
    .describe('PEM file with the certificate chain. Empty: no TLS.'),
  key: text('the path of a PEM private key').prefault('').describe('PEM file with the private key.'),
};

const bothOrNeither = 'cert and key together, or neither';

const httpTls = z
  .strictObject(tlsPair)
  .refine(({ cert, key }) => (cert === '') === (key === ''), bothOrNeither)
  .transform(({ cert, key }) => (cert === '' ? undefined : { certPath: cert, keyPath: key }));

const rtmpTls = z
  .strictObject({
    ...tlsPair,
    listen: listenAddress().prefault('0.0.0.0:1936').describe('Address and port of RTMPS.'),
  })
  .refine(({ cert, key }) => (cert === '') === (key === ''), bothOrNeither)
  .transform(({ cert, key, listen }) => (cert === '' ? undefined : { certPath: cert, keyPath: key, listen }));

const http = z
  .strictObject({
    listen: listenAddress().prefault('0.0.0.0:8080').describe('Address and port of playback, pages and API.'),
    public_url: urlOf(['http://', 'https://'], { mayBeEmpty: true })
      .prefault('')
      .describe(
        'What viewers type to reach this server, such as https://live.example.org. Empty: made from the host name.',
      ),
    tls: httpTls.prefault({}).describe('HTTPS instead of HTTP.'),
    threads: autoOrCount(0, 256)
      .prefault('auto')
      .describe('Delivery threads; auto: one less than cores; 0: everything in one thread, for debugging.'),
    max_connections: autoOrCount(1, 10_000_000)
      .prefault('auto')
      .describe('Most viewer connections at once; auto: what the open-file limit allows.'),
    max_per_ip: count()
      .prefault(0)
      .describe(
        'Most connections from one address (IPv6: one /64) to each delivery thread; 0: no cap (viewers behind NAT share one).',
      ),
    trusted_proxies: z
      .array(network(), { error: 'a list of addresses and networks, such as [10.0.0.0/8]' })
      .prefault([])
      .describe('Proxies whose X-Forwarded-For is believed, and which http.max_per_ip does not hold for.'),
  })
  .transform((v) => ({
    listen: v.listen,
    publicUrl: v.public_url.replace(/\/+$/, ''),
    tls: v.tls,
    threads: v.threads,
    maxConnections: v.max_connections,
    maxPerIp: v.max_per_ip,
    trustedProxies: v.trusted_proxies,
  }));

const rtmp = z
  .strictObject({
    listen: listenAddress().prefault('0.0.0.0:1935').describe('Address and port of RTMP.'),
    tls: rtmpTls.prefault({}).describe('RTMPS beside RTMP.'),
    grace: durationMs({ maxMs: 3_600_000 })
      .prefault('30s')
      .describe('How long a stream waits for a publisher whose connection broke.'),
    pending_timeout: durationMs({ minMs: 1000 })
      .prefault('5m')
      .describe('How long a stream that was announced waits for its first publisher.'),
    max_publishers: count(1, 100_000).prefault(500).describe('Most publishers at once.'),
    max_per_ip: count().prefault(0).describe('Most publisher connections from one address; 0: no cap.'),
  })
  .transform((v) => ({
    listen: v.listen,
    tls: v.tls,
    graceMs: v.grace,
    pendingTimeoutMs: v.pending_timeout,
    maxPublishers: v.max_publishers,
    maxPerIp: v.max_per_ip,
  }));

const control = z
  .strictObject({
    socket: text('the path of a Unix socket')
      .min(1, 'the path of a Unix socket')
      .prefault(`${dataDir}/control.sock`)
      .describe('Unix socket of the API; file permissions are the login. At most 107 bytes.'),
  })
  .transform((v) => ({ socketPath: v.socket }));

const hls = z
  .strictObject({
    segment: durationMs({ minMs: 500, maxMs: 30_000 })
      .prefault('2s')
      .describe('Segment duration aimed at; segments begin at keyframes.'),
    part: durationMs({ minMs: 100, maxMs: 5000 })
      .prefault('500ms')
      .describe('Part target duration (EXT-X-PART-INF PART-TARGET).'),
    window: durationMs({ minMs: 3000, maxMs: 86_400_000 })
      .prefault('30s')
      .describe('How much media a playlist lists; at least six target durations are kept.'),
    max_gop: durationMs({ minMs: 1000, maxMs: 60_000 })
      .prefault('10s')
      .describe('Longest distance of keyframes that is not cut.'),
  })
  .refine((v) => v.part <= v.segment, { error: 'a part no longer than hls.segment', path: ['part'] })
  .refine((v) => v.segment <= v.max_gop, { error: 'a max_gop no shorter than hls.segment', path: ['max_gop'] })
  .transform((v) => ({ segmentMs: v.segment, partMs: v.part, windowMs: v.window, maxGopMs: v.max_gop }));

const auth = z
  .strictObject({
    open_publish: flag()
      .prefault(false)
      .describe('Let anybody publish under any valid channel name, without a key. For tests and closed networks.'),
    playback: z
      .enum(['public', 'signed'], { error: 'public or signed' })
      .prefault('public')
      .describe(
        'Who may watch: everybody with the link, or holders of a signed link. A key can say otherwise of its channel.',
      ),
    playback_key: text('the path of a file')
      .min(1, 'the path of a file')
      .prefault(`${dataDir}/playback.keys`)
      .describe(
        'File of the keys that sign links: a name and 64 hexadecimal digits a line; the first signs, all are good. Made if it is missing in data_dir; several nodes need the same.',
      ),
    edge_secret: text('a secret')
      .refine((value) => value === '' || /^[\x21-\x7e]{24,256}$/.test(value), 'at least 24 characters, without spaces')
      .prefault('')
      .describe(
        'What a CDN that checks viewers itself sends as Streamctl-Edge, to have signed channels without a link. Empty: nobody has them so.',
      ),
  })
  .transform((v) => ({
    openPublish: v.open_publish,
    playback: v.playback,
    playbackKeyPath: v.playback_key,
    edgeSecret: v.edge_secret,
  }));

export const configSchema = z
  .strictObject({
    data_dir: text('the path of a folder')
      .min(1, 'the path of a folder')
      .prefault('./data')
      .describe('Folder of everything streamctl keeps.'),
    roles: z
      .array(z.enum(['ingest', 'transcode', 'delivery', 'api'], { error: 'ingest, transcode, delivery or api' }), {
        error: 'a list of ingest, transcode, delivery and api',
      })
      .min(1, 'at least one of ingest, transcode, delivery, api')
      .prefault(['ingest', 'transcode', 'delivery', 'api'])
      .describe('What this node does.'),
    http: http.prefault({}).describe('Playback, pages and API.'),
    rtmp: rtmp.prefault({}).describe('What broadcasters send to.'),
    control: control.prefault({}).describe('The local control socket.'),
    hls: hls.prefault({}).describe('Segments and playlists, of HLS and DASH alike.'),
    ladder: ladder.prefault({}).describe('Transcoded renditions.'),
    auth: auth.prefault({}).describe('Who may publish and watch.'),
    store: z
      .strictObject({
        url: urlOf(['sqlite:', 'postgres://', 'postgresql://'])
          .prefault(`sqlite:${dataDir}/streamctl.db`)
          .describe('Keys, streams and events: sqlite:PATH or postgres://…'),
      })
      .prefault({})
      .describe('The store.'),
    realtime: z
      .strictObject({
        url: realtimeTarget()
          .prefault('memory:')
          .describe(
            'Where nodes tell each other who watches: memory: or redis://USER:PASSWORD@HOST:PORT/DB (rediss: TLS).',
          ),
      })
      .prefault({})
      .transform((v) => ({ target: v.url }))
      .describe('What several nodes share at once.'),
    analytics: z
      .strictObject({
        url: analyticsTarget()
          .prefault('store:')
          .describe(
            'Where viewer analytics go: store: or clickhouse://USER:PASSWORD@HOST:PORT/DATABASE?tls=1 (its HTTP port).',
          ),
        retention: durationMs({ minMs: 3_600_000 }).prefault('30d').describe('How long analytics are kept.'),
        geoip: text('the path of a .mmdb file')
          .prefault('')
          .describe(
            "MaxMind DB file of countries or cities, such as GeoLite2-Country.mmdb: viewers' countries are looked up. Empty: they are not.",
          ),
      })
      .prefault({})
      .transform((v) => ({ target: v.url, retentionMs: v.retention, geoipPath: v.geoip }))
      .describe('Viewer analytics.'),
    events: z
      .strictObject({
        url: eventsTarget()
          .prefault('store:')
          .describe(
            'Where events go for other systems: store: (nowhere), kafka://USER:PASSWORD@HOST:PORT,HOST:PORT/TOPIC?tls=true or redis://HOST:PORT/DB?stream=KEY&maxlen=N.',
          ),
        retention: durationMs({ minMs: 3_600_000 })
          .prefault('90d')
          .describe('How long events are kept; those that a receiver has not had yet stay longer.'),
      })
      .prefault({})
      .transform((v) => ({ target: v.url, retentionMs: v.retention }))
      .describe('Events, and other systems that are told of them.'),
    storage: z
      .strictObject({
        url: urlOf(['file:', 's3://'])
          .prefault(`file:${dataDir}/media`)
          .describe('Recordings and time-shift: file:PATH or s3://…'),
      })
      .prefault({})
      .describe('Recordings.'),
    webhooks: webhooks
      .prefault([])
      .describe(
        'HTTP calls for events: a list of { url, events, secret, allow_private }. events: types such as stream.started or stream.*, none for all; authorize asks before a publisher begins.',
      ),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
            error: 'trace, debug, info, warn, error or fatal',
          })
          .prefault('info')
          .describe('Least level that is logged.'),
        format: z
          .enum(['auto', 'json', 'pretty'], { error: 'auto, json or pretty' })
          .prefault('auto')
          .describe('auto: pretty on a terminal, JSON lines otherwise.'),
      })
      .prefault({})
      .describe('The log, on stderr.'),
    metrics: z
      .strictObject({ public: flag().prefault(false).describe('Serve GET /metrics without a token.') })
      .prefault({})
      .transform((v) => ({ isPublic: v.public }))
      .describe('Prometheus metrics.'),
    tracing: z
      .strictObject({
        otlp: urlOf(['http://', 'https://'], { mayBeEmpty: true })
          .prefault('')
          .describe('OTLP endpoint of traces. Empty: off.'),
      })
      .prefault({})
      .transform((v) => ({ otlpUrl: v.otlp }))
      .describe('Traces.'),
  })
  .refine((v) => v.http.listen.port === 0 || v.http.listen.port !== v.rtmp.listen.port, {
    error: 'a port of its own: http.listen has the same one',
    path: ['rtmp', 'listen'],
    when: ({ issues }) => !issues.some(({ path: at = [] }) => at.length === 0 || at[0] === 'http' || at[0] === 'rtmp'),
  })
  .transform((v) => {
    const { data_dir: dataDir, ...rest } = v;
    return { dataDir, ...rest };
  });

/** The configuration as the program uses it: checked, units in names, `dataDir` absolute after loading. */
export type Config = z.output<typeof configSchema>;
export type RtmpConfig = Config['rtmp'];
export type HlsConfig = Config['hls'];
export type LadderConfig = Config['ladder'];

/** Paths whose value is a secret, or may carry one (a password in a URL). `*` stands for a list position. */
export const secretPaths: readonly string[] = [
  'auth.edge_secret',
  'store.url',
  'realtime.url',
  'analytics.url',
  'events.url',
  'storage.url',
  'tracing.otlp',
  'webhooks.*.secret',
  'webhooks.*.url',
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the notation of the configuration file
import { describe, expect, test } from 'vitest';
import { isStreamctlError } from '../../src/base/errors.ts';
import { unavailableInThisBuild } from '../../src/config/availability.ts';
import { parseConfigFile } from '../../src/config/file.ts';
import { environmentNameOf, flagNameOf, readConfigTree } from '../../src/config/leaves.ts';
import { buildConfig, type ConfigSources } from '../../src/config/load.ts';

function load(yaml: string | undefined, sources: Partial<ConfigSources> = {}) {
  const file = yaml === undefined ? undefined : parseConfigFile('streamctl.yaml', yaml);
  return buildConfig({ env: {}, cwd: '/srv/show', ...sources }, file);
}

function mistakesOf(yaml: string, sources: Partial<ConfigSources> = {}): readonly string[] {
  try {
    load(yaml, sources);
  } catch (error) {
    if (isStreamctlError(error) && error.code === 'CONFIG_INVALID') {
      expect(error.exitCode).toBe(2);
      return (error.details as { problems: readonly string[] }).problems;
    }
    throw error;
  }
  return [];
}

describe('values', () => {
  test('without a file, every value has its default', () => {
    const { config, values } = load(undefined);
    expect(config).toMatchObject({
      dataDir: '/srv/show/data',
      roles: ['ingest', 'transcode', 'delivery', 'api'],
      http: { listen: { host: '0.0.0.0', port: 8080 }, publicUrl: '', threads: 'auto', maxPerIp: 0 },
      rtmp: { listen: { host: '0.0.0.0', port: 1935 }, graceMs: 30_000, pendingTimeoutMs: 300_000, maxPublishers: 500 },
      control: { socketPath: './data/control.sock' },
      hls: { segmentMs: 2000, partMs: 500, windowMs: 30_000, maxGopMs: 10_000 },
      ladder: { mode: 'auto', encoder: 'auto', cpuBudgetRatio: 0.8 },
      auth: { openPublish: false, playback: 'public' },
      store: { url: 'sqlite:./data/streamctl.db' },
      realtime: { target: { kind: 'memory' } },
      analytics: { target: { kind: 'store' }, retentionMs: 30 * 86_400_000 },
      storage: { url: 'file:./data/media' },
      log: { level: 'info', format: 'auto' },
      metrics: { isPublic: false },
    });
    expect(values.every(({ from }) => from === 'default')).toBe(true);
  });

  test('flags win over the environment, the environment over the file', () => {
    const yaml = 'http:\n  listen: "127.0.0.1:1"\nrtmp: { listen: "127.0.0.1:2" }\nhls: { part: 250ms }\n';
    const { config, values } = load(yaml, {
      env: { STREAMCTL_HTTP_LISTEN: '127.0.0.1:10', STREAMCTL_RTMP_LISTEN: '127.0.0.1:20' },
      flagValues: { 'http.listen': '127.0.0.1:100' },
    });
    expect(config.http.listen.port).toBe(100);
    expect(config.rtmp.listen.port).toBe(20);
    expect(config.hls.partMs).toBe(250);
    const from = (path: string) => values.find((value) => value.path === path)?.from;
    expect(from('http.listen')).toBe('--http-listen');
    expect(from('rtmp.listen')).toBe('STREAMCTL_RTMP_LISTEN');
    expect(from('hls.part')).toBe('streamctl.yaml:4');
    expect(from('hls.segment')).toBe('default');
  });

  test('the data folder is filled in wherever it is named, from any source', () => {
    const { config } = load('storage: { url: "file:${data_dir}/recordings" }', {
      env: { STREAMCTL_DATA_DIR: '/var/lib/s' },
    });
    expect(config.storage.url).toBe('file:/var/lib/s/recordings');
    expect(config.control.socketPath).toBe('/var/lib/s/control.sock');
    expect(config.store.url).toBe('sqlite:/var/lib/s/streamctl.db');
  });

  test('every value can be given by the environment, in the types of YAML', () => {
    const { config } = load(undefined, {
      env: {
        STREAMCTL_AUTH_OPEN_PUBLISH: 'true',
        STREAMCTL_HTTP_THREADS: '3',
        STREAMCTL_ROLES: 'ingest, api',
        STREAMCTL_HTTP_TRUSTED_PROXIES: '[10.0.0.0/8]',
        STREAMCTL_LADDER_CPU_BUDGET: '50%',
        STREAMCTL_RTMP_TLS_CERT: 'a.pem',
        STREAMCTL_RTMP_TLS_KEY: 'b.pem',
      },
    });
    expect(config.auth.openPublish).toBe(true);
    expect(config.http.threads).toBe(3);
    expect(config.roles).toEqual(['ingest', 'api']);
    expect(config.http.trustedProxies).toEqual(['10.0.0.0/8']);
    expect(config.ladder.cpuBudgetRatio).toBe(0.5);
    expect(config.rtmp.tls).toEqual({ certPath: 'a.pem', keyPath: 'b.pem', listen: { host: '0.0.0.0', port: 1936 } });
  });

  test('a rung may have a bit rate of its own above 30 frames per second, and ffmpeg a path', () => {
    const rung = '{ name: 720p, height: 720, video_bitrate: 2M, high_fps_video_bitrate: 3500k }';
    const { ladder } = load(`ladder: { ffmpeg: /opt/ffmpeg, rungs: [${rung}] }`).config;
    expect(ladder).toMatchObject({
      ffmpegPath: '/opt/ffmpeg',
      rungs: [{ videoBitrateBps: 2_000_000, highFpsVideoBitrateBps: 3_500_000 }],
    });
  });

  test('a section whose keys are all commented out is as good as absent', () => {
    expect(load('http:\n  # listen: x\nrtmp:\n  tls:\n').config.http.listen.port).toBe(8080);
  });

  test.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
  ])('a part of %s is %d milliseconds', (text, ms) => {
    expect(load(`hls: { part: ${text} }`).config.hls.partMs).toBe(ms);
  });

  test.each([
    ['[::]:8080', '::', 8080],
    [':9000', '0.0.0.0', 9000],
    ['localhost:0', 'localhost', 0],
  ])('%s is a listen address', (text, host, port) => {
    expect(load(`http: { listen: "${text}" }`).config.http.listen).toEqual({ host, port });
  });
});

describe('mistakes', () => {
  test('a rung cannot be called as the publisher’s own renditions, nor as another rung', () => {
    const rungs = ['source', '720p', 'audio', '720p'].map(
      (name) => `  - { name: ${name}, height: 720, video_bitrate: 1M }`,
    );
    const mistakes = mistakesOf(['ladder:', ' rungs:', ...rungs].join('\n'));
    const reserved = 'a name other than source and audio, which are those of what the publisher sends, such as 720p';
    expect(mistakes).toEqual([
      `streamctl.yaml:3: ladder.rungs.0.name: found "source", wanted ${reserved}`,
      `streamctl.yaml:5: ladder.rungs.2.name: found "audio", wanted ${reserved}`,
      'streamctl.yaml:6: ladder.rungs.3.name: found "720p", wanted a name that no other rung has: ladder.rungs.1 is called so too',
    ]);
  });

  test('an encoder that only auto tries is explained', () => {
    expect(mistakesOf('ladder: { encoder: v4l2m2m }')).toEqual([
      'streamctl.yaml:1: ladder.encoder: found "v4l2m2m", wanted auto (which tries all there are, v4l2m2m too), x264, nvenc, vaapi or qsv',
    ]);
  });

  test('all are reported at once, each with file, line, what was found and what is wanted', () => {
    const yaml = [
      'data_dir: ./data',
      'http:',
      '  lisen: "0.0.0.0:8080"',
      '  max_per_ip: -1',
      'rtmp:',
      '  grace: 30',
      'hls:',
      '  part: 5 seconds',
      'ladder:',
      '  mode: always',
      'auth: yes please',
      'colour: blue',
    ].join('\n');
    const mistakes = mistakesOf(yaml, { env: { STREAMCTL_LOG_LEVEL: 'loud' } });
    expect(mistakes).toContainEqual(
      expect.stringMatching(
        /^streamctl\.yaml:3: http\.lisen: found an unknown key, wanted listen \(did you mean that\?\)/,
      ),
    );
    expect(mistakes).toContain('streamctl.yaml:4: http.max_per_ip: found -1, wanted a whole number of 0 or more');
    expect(mistakes).toContain(
      'streamctl.yaml:6: rtmp.grace: found 30, wanted a duration with its unit (ms, s, m, h, d), such as 500ms or 30s',
    );
    expect(mistakes).toContainEqual(expect.stringMatching(/^streamctl\.yaml:8: hls\.part: found "5 seconds"/));
    expect(mistakes).toContain('streamctl.yaml:10: ladder.mode: found "always", wanted auto, off or on_demand');
    expect(mistakes).toContain('streamctl.yaml:11: auth: found "yes please", wanted a section with keys below it');
    expect(mistakes).toContainEqual(expect.stringMatching(/^streamctl\.yaml:12: colour: found an unknown key/));
    expect(mistakes).toContain(
      'STREAMCTL_LOG_LEVEL: log.level: found "loud", wanted trace, debug, info, warn, error or fatal',
    );
    expect(mistakes).toHaveLength(8);
  });

  test('a part longer than its segment is refused, and so is one port for two listeners', () => {
    expect(mistakesOf('hls: { segment: 1s, part: 2s }')).toEqual([
      'streamctl.yaml:1: hls.part: found "2s", wanted a part no longer than hls.segment',
    ]);
    expect(mistakesOf('rtmp: { listen: ":8080" }\nlog: { level: loud }')).toEqual([
      expect.stringMatching(/^streamctl\.yaml:2: log\.level/),
      expect.stringMatching(/^streamctl\.yaml:1: rtmp\.listen: found ":8080", wanted a port of its own/),
    ]);
  });

  test('a certificate without its key is refused', () => {
    expect(mistakesOf('rtmp: { tls: { cert: a.pem } }')).toEqual([expect.stringContaining('cert and key together')]);
  });

  test('broken YAML is told with its line', () => {
    expect(mistakesOf('http:\n  listen: [1\nrtmp: 2\n')[0]).toMatch(
      /^streamctl\.yaml:\d: found YAML that cannot be read/,
    );
  });

  test('a list where a map should be is told', () => {
    expect(mistakesOf('- a\n- b\n')[0]).toMatch(/^streamctl\.yaml:1: found \["a","b"\], wanted a section/);
  });

  test('an unknown placeholder is refused', () => {
    expect(mistakesOf('control: { socket: "${HOME}/c.sock" }')[0]).toContain('wanted no ${…} but ${data_dir}');
  });

  test('a wrong secret is not repeated', () => {
    expect(mistakesOf('store: { url: "mysql://root:hunter2@db" }')[0]).not.toContain('hunter2');
  });

  test('a key named twice is a mistake', () => {
    expect(mistakesOf('hls: { part: 1s, part: 2s }')[0]).toContain('YAML');
  });

  test('an unknown variable is a warning, because others may have set it', () => {
    expect(load(undefined, { env: { STREAMCTL_HTTP_LISTN: 'x' } }).warnings).toEqual([
      'The environment variable STREAMCTL_HTTP_LISTN means nothing here; did you mean STREAMCTL_HTTP_LISTEN?.',
    ]);
  });
});

test('no two values share an environment name or a flag', () => {
  const { leaves } = readConfigTree();
  expect(new Set(leaves.map(({ path }) => environmentNameOf(path))).size).toBe(leaves.length);
  expect(new Set(leaves.map(({ path }) => flagNameOf(path))).size).toBe(leaves.length);
  expect(leaves.every(({ description }) => description !== '')).toBe(true);
});

test('the defaults ask for nothing that this build lacks, and what is asked in vain is told', () => {
  expect(unavailableInThisBuild(load(undefined).config)).toEqual([]);
  const { config } = load(
    'storage: { url: "s3://h" }\nrealtime: { url: "redis://h" }\nwebhooks: [{ url: "https://h/" }]\nladder: { mode: on_demand }',
  );
  expect(unavailableInThisBuild(config).map(({ path }) => path)).toEqual(['storage.url']);
});

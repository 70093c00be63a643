import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../child.ts';
import { temporaryFolder } from '../temp-folder.ts';
import { until } from '../until.ts';
import { defaultPicture, type Picture, type Publisher, type PublisherResult, type Target } from './publisher.ts';

type Section = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

function ini(sections: Section): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map((pair) => pair.join('='))
          .join('\n')}\n`,
    )
    .join('');
}

/** What OBS asks on its first start, answered. */
const globalSettings: Section = {
  General: {
    FirstRun: true,
    Pre19Defaults: false,
    Pre21Defaults: false,
    Pre23Defaults: false,
    'Pre24.1Defaults': false,
    EnableAutoUpdates: false,
    ConfirmOnExit: false,
    HotkeyFocusType: 'NeverDisableHotkeys',
    LastVersion: 486539266,
  },
  BasicWindow: {
    SysTrayEnabled: true,
    SysTrayWhenStarted: true,
    WarnBeforeStartingStream: false,
    WarnBeforeStoppingStream: false,
  },
  Basic: {
    Profile: 'test',
    ProfileDir: 'test',
    SceneCollection: 'test',
    SceneCollectionFile: 'test',
    ConfigOnNewProfile: false,
  },
  Audio: { DisableAudioDucking: true },
};

function profile({ width, height, fps }: Picture): Section {
  return {
    General: { Name: 'test' },
    Output: { Mode: 'Advanced', Reconnect: true, RetryDelay: 1, MaxRetries: 5, DelayEnable: false },
    AdvOut: { Encoder: 'obs_x264', TrackIndex: 1, Track1Bitrate: 128, ApplyServiceSettings: false },
    Video: {
      ...{ BaseCX: width, BaseCY: height, OutputCX: width, OutputCY: height },
      ...{ FPSType: 1, FPSInt: fps, FPSCommon: fps, Renderer: 'OpenGL', ColorFormat: 'NV12' },
    },
    Audio: { SampleRate: 48000, ChannelSetup: 'Stereo' },
  };
}

const place = { visible: true, pos: { x: 20, y: 20 }, scale: { x: 1, y: 1 } };

function scene({ width, height }: Picture): object {
  const color = { color: 4290772992, width, height };
  return {
    name: 'test',
    current_scene: 'S',
    current_program_scene: 'S',
    scene_order: [{ name: 'S' }],
    transition_duration: 300,
    current_transition: 'Cut',
    ...{ transitions: [], groups: [], quick_transitions: [], saved_projectors: [], modules: {} },
    sources: [
      { id: 'color_source', versioned_id: 'color_source_v3', name: 'c', enabled: true, muted: false, settings: color },
      {
        ...{ id: 'text_ft2_source', versioned_id: 'text_ft2_source_v2', name: 't', enabled: true, muted: false },
        settings: { text: 'OBS' },
      },
      {
        ...{ id: 'scene', versioned_id: 'scene', name: 'S', enabled: true, muted: false },
        settings: {
          id_counter: 3,
          custom_size: false,
          items: [
            { name: 'c', id: 1, ...place },
            { name: 't', id: 3, ...place },
          ],
        },
      },
    ],
  };
}

async function writeHome(home: string, { url, key }: Target, picture: Picture): Promise<void> {
  const config = join(home, '.config/obs-studio');
  const profileFolder = join(config, 'basic/profiles/test');
  await mkdir(profileFolder, { recursive: true });
  await mkdir(join(config, 'basic/scenes'), { recursive: true });
  await mkdir(join(home, 'run'), { mode: 0o700 });
  const service = { type: 'rtmp_custom', settings: { server: url, key, use_auth: false, bwtest: false } };
  const encoder = {
    ...{ rate_control: 'CBR', bitrate: picture.videoKbps, keyint_sec: picture.keyframeSeconds },
    ...{ preset: 'ultrafast', profile: 'main', tune: 'zerolatency' },
  };
  await writeFile(join(config, 'global.ini'), ini(globalSettings));
  await writeFile(join(profileFolder, 'basic.ini'), ini(profile(picture)));
  await writeFile(join(profileFolder, 'streamEncoder.json'), JSON.stringify(encoder));
  await writeFile(join(profileFolder, 'service.json'), JSON.stringify(service));
  await writeFile(join(config, 'basic/scenes/test.json'), JSON.stringify(scene(picture)));
}

/** Real OBS Studio, headless (Xvfb, software rendering, x264), streaming as soon as it has started. */
export async function publishWithObs(target: Target, picture: Partial<Picture> = {}): Promise<Publisher> {
  const home = await temporaryFolder('obs');
  await writeHome(home.path, target, { ...defaultPicture, ...picture });
  const obs = [
    ...['obs', '--startstreaming', '--minimize-to-tray', '--profile', 'test', '--collection', 'test', '--multi'],
    ...['--disable-missing-files-check', '--verbose', '--unfiltered_log'],
  ].join(' ');
  const child = new Child(
    'xvfb-run',
    ['-a', '-s', '-screen 0 1024x768x24 +extension GLX', 'sh', '-c', `echo $$ >"$HOME/obs.pid"; exec ${obs}`],
    {
      env: {
        ...process.env,
        ...{ HOME: home.path, XDG_RUNTIME_DIR: join(home.path, 'run') },
        ...{ LIBGL_ALWAYS_SOFTWARE: '1', QT_QPA_PLATFORM: 'xcb' },
      },
    },
  );
  const ended = child.exited
    .then(({ code, stdout, stderr }): PublisherResult => ({ exitCode: code, output: `${stdout}${stderr}` }))
    .finally(() => home.remove());
  ended.catch(() => {});
  const signal = async (name: NodeJS.Signals) => {
    // xvfb-run would only end the display: OBS itself has to be told.
    const pid = await until('OBS has started', () =>
      readFile(join(home.path, 'obs.pid'), 'utf8').catch(() => undefined),
    );
    if (child.isRunning) process.kill(Number(pid), name);
    // xvfb-run takes the display down itself once OBS is gone.
    const timer = setTimeout(() => process.kill(Number(pid), 'SIGKILL'), 10_000);
    return ended.finally(() => clearTimeout(timer));
  };
  return {
    get isRunning() {
      return child.isRunning;
    },
    get output() {
      return `${child.stdout}${child.stderr}`;
    },
    ended,
    stop: () => signal('SIGINT'),
    kill: () => signal('SIGKILL'),
  };
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { postgresFolder } from './postgres-folder.ts';

/** What the tests run that npm does not bring, and the Debian packages it comes in. */
const needs: readonly { readonly program?: string; readonly file?: string; readonly packages: readonly string[] }[] = [
  { program: 'ffmpeg', packages: ['ffmpeg'] },
  { program: 'ffprobe', packages: ['ffmpeg'] },
  { program: 'curl', packages: ['curl'] },
  { program: 'strip', packages: ['binutils'] },
  { program: 'cc', packages: ['gcc', 'libc6-dev'] },
  { program: 'systemd-analyze', packages: ['systemd'] },
  { program: 'python3', packages: ['python3-minimal'] },
  { program: 'zsh', packages: ['zsh'] },
  { program: 'tmux', packages: ['tmux'] },
  { program: 'man', packages: ['man-db'] },
  { program: 'chromium', packages: ['chromium'] },
  { program: 'obs', packages: ['obs-studio', 'obs-plugins', 'libgl1-mesa-dri', 'dbus'] },
  { program: 'xvfb-run', packages: ['xvfb', 'xauth'] },
  { program: 'gst-launch-1.0', packages: ['gstreamer1.0-tools', 'gstreamer1.0-plugins-base'] },
  { file: 'gstreamer-1.0/libgstflv.so', packages: ['gstreamer1.0-plugins-good'] },
  { file: 'gstreamer-1.0/libgstrtmp2.so', packages: ['gstreamer1.0-plugins-bad'] },
  { file: 'gstreamer-1.0/libgstx264.so', packages: ['gstreamer1.0-plugins-ugly'] },
  { file: 'gstreamer-1.0/libgstlibav.so', packages: ['gstreamer1.0-libav'] },
  { program: 'mpv', packages: ['mpv'] },
  { program: 'cvlc', packages: ['vlc-bin', 'vlc-plugin-base'] },
  { program: 'postgres', packages: ['postgresql'] },
  { program: 'redis-server', packages: ['redis-server'] },
  { program: 'kcat', packages: ['kcat'] },
  { program: 'clickhouse-server', packages: ['clickhouse-server'] },
  { program: 'prometheus', packages: ['prometheus'] },
  { program: 'nginx', packages: ['nginx', 'libnginx-mod-rtmp'] },
];

const libraryFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

function isThere({ program, file }: (typeof needs)[number]): boolean {
  if (program !== undefined) {
    const folders = (process.env.PATH ?? '').split(delimiter);
    return [...folders, '/usr/sbin', postgresFolder() ?? ''].some((folder) => existsSync(join(folder, program)));
  }
  return libraryFolders.some((folder) => existsSync(join(folder, file ?? '')));
}

/** Packages that are missing on this machine. */
function missingPackages(): string[] {
  return [...new Set(needs.filter((need) => !isThere(need)).flatMap((need) => need.packages))];
}

function aptGet(...args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return (
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env })
      .status === 0
  );
}

const missing = missingPackages();
if (missing.length > 0) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall) {
    console.error(`The tests need packages of the system; installing them: ${missing.join(' ')}`);
    aptGet('update', '-q');
    aptGet('install', '-y', '-q', '--no-install-recommends', ...missing);
  }
  const stillMissing = missingPackages();
  if (stillMissing.length > 0) {
    console.error(`The tests need packages of the system that are not installed: ${stillMissing.join(' ')}`);
    console.error(`Run as root, then try again:\n\n    ${command}\n`);
    process.exit(1);
  }
}

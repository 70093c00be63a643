import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import { firstComplaint, runFfmpeg } from './run-ffmpeg.ts';

/** An ffmpeg that can do what the ladder needs. */
export interface Ffmpeg {
  readonly path: string;
  /** As it names itself: `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** It knows `-vsync` and not yet `-fps_mode`. */
  readonly isBefore51: boolean;
}

const oldestVersion = { major: 4, minor: 4 };
const timeoutMs = 10_000;

/** What the ladder needs besides an encoder: list, name as ffmpeg lists it, and what it is for. */
const needs = [
  { list: '-demuxers', name: 'flv', use: 'read H.264' },
  { list: '-demuxers', name: 'mov', use: 'read HEVC and AV1' },
  { list: '-muxers', name: 'flv', use: 'hand the renditions back' },
  { list: '-decoders', name: 'h264', use: 'decode what is published' },
  { list: '-filters', name: 'scale', use: 'make smaller pictures' },
  { list: '-filters', name: 'select', use: 'leave out frames' },
  { list: '-protocols', name: 'pipe', use: 'talk to this server' },
] as const;

/**
 * Finds ffmpeg: at `configuredPath`, or in the folders of `searchPath` (as in PATH). Throws TRANSCODE_FFMPEG_MISSING,
 * TRANSCODE_FFMPEG_OUTDATED or TRANSCODE_FFMPEG_INCAPABLE, each with what is missing in plain words.
 */
export async function findFfmpeg(options: {
  readonly configuredPath?: string | undefined;
  readonly searchPath: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<Ffmpeg> {
  const { configuredPath, searchPath, signal } = options;
  const path = configuredPath || (await search(searchPath));
  if (path === undefined || !(await isExecutable(path))) {
    throw new StreamctlError('TRANSCODE_FFMPEG_MISSING', { where: configuredPath || 'the folders of PATH' });
  }
  const about = await runFfmpeg(path, ['-hide_banner', '-version'], { timeoutMs, signal });
  const version = /^ffmpeg version (\S+)/.exec(about.stdout.toString('utf8'))?.[1];
  if (version === undefined) {
    throw new StreamctlError('TRANSCODE_FFMPEG_INCAPABLE', {
      path,
      why: `it does not start (${firstComplaint(about)})`,
    });
  }
  const number = readVersion(version);
  if (number !== undefined && isOlder(number, oldestVersion)) {
    throw new StreamctlError('TRANSCODE_FFMPEG_OUTDATED', { path, version });
  }
  await checkNeeds(path, signal);
  return { path, version, isBefore51: number !== undefined && isOlder(number, { major: 5, minor: 1 }) };
}

async function checkNeeds(path: string, signal: AbortSignal | undefined): Promise<void> {
  const lists = new Map<string, Promise<string>>();
  for (const { list } of needs) {
    if (!lists.has(list)) lists.set(list, listed(path, list, signal));
  }
  for (const { list, name, use } of needs) {
    if (!new RegExp(`(^|[\\s,])${name}([\\s,]|$)`, 'm').test(await lists.get(list)!)) {
      const kind = list.slice(1, -1);
      throw new StreamctlError('TRANSCODE_FFMPEG_INCAPABLE', { path, why: `it has no ${kind} "${name}" to ${use}` });
    }
  }
}

async function listed(path: string, list: string, signal: AbortSignal | undefined): Promise<string> {
  return (await runFfmpeg(path, ['-hide_banner', list], { timeoutMs, signal })).stdout.toString();
}

async function search(searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter)) {
    if (!isAbsolute(folder)) continue; // what lies in a working folder is nobody's choice
    const path = join(folder, 'ffmpeg');
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Undefined for builds from a repository (`N-12345-gabcdef`, `git-2026-01-01`), which are newer than any release we know. */
function readVersion(text: string): { major: number; minor: number } | undefined {
  const match = /^n?(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

function isOlder(a: { major: number; minor: number }, b: { major: number; minor: number }): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor);
}

import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { ViewerIdentity } from '../delivery/viewer-events/event-batch.ts';

const dayMs = 86_400_000;
/** So long after midnight a viewer of the day before is known again. */
const overlapMs = 3_600_000;

const saltFile = z.object({ day: z.number().int(), salt: z.string(), previous: z.string().nullable() });
type Salts = z.output<typeof saltFile>;

/** What names a viewer today, and in the first hour of a day also what did the day before. */
export interface ViewerKey {
  readonly dailyKey: string;
  readonly earlierKey?: string | undefined;
}

/**
 * Names viewers that have no name, so that they can be counted: a keyed hash of the address's network, the player and the signed link. The
 * key is random, changes each day (UTC) and is then gone, so that nobody can be followed from one day to the next.
 */
export class ViewerKeys {
  private readonly path: string;
  private readonly clock: Clock;
  private salts: Salts;
  /** Stands for the salts where they must not be kept. */
  private maker = {};

  /** `path`: a file of its own, so that a restart does not make new viewers of all. */
  constructor(path: string, clock: Clock) {
    this.path = path;
    this.clock = clock;
    this.salts = readSalts(path) ?? { day: -1, salt: '', previous: null };
    this.turn();
  }

  /** Today's name, and in the first hour of a day also yesterday's. */
  of(viewer: ViewerIdentity): ViewerKey {
    this.turn();
    if (viewer.keysMadeBy !== this.maker) {
      const { salt, previous } = this.salts;
      viewer.dailyKey = hash(salt, viewer);
      viewer.earlierKey = previous === null ? undefined : hash(previous, viewer);
      viewer.keysMadeBy = this.maker;
    }
    return viewer as ViewerKey;
  }

  private turn(): void {
    const nowMs = this.clock.wallMs();
    const day = Math.floor(nowMs / dayMs);
    const { salts } = this;
    const isOverlapOver = salts.previous !== null && nowMs - salts.day * dayMs > overlapMs;
    if (day === salts.day && !isOverlapOver) return;
    const isNextDay = day === salts.day + 1 && nowMs - day * dayMs <= overlapMs;
    if (day === salts.day) this.salts = { ...salts, previous: null };
    else this.salts = { day, salt: randomBytes(32).toString('hex'), previous: isNextDay ? salts.salt : null };
    this.maker = {};
    writeFileSync(`${this.path}.new`, JSON.stringify(this.salts), { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }
}

function hash(salt: string, { network, userAgent, token }: ViewerIdentity): string {
  const digest = createHmac('sha256', salt).update(`${network}\n${token}\n${userAgent}`).digest();
  return digest.subarray(0, 12).toString('base64url');
}

/** Undefined where there is none that can be read: then all viewers are new. */
function readSalts(path: string): Salts | undefined {
  try {
    return saltFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

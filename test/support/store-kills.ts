import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../src/store/open.ts';
import { Child } from './child.ts';
import { someEvent, someKey } from './rows.ts';
import { until } from './until.ts';

const root = resolve(import.meta.dirname, '../..');
/** How many processes run at the same time. */
const together = 4;

/** A process for the store of a URL, with all code loaded before `script` begins. */
function spawnProcess(url: string, script: string): Child {
  const text = `
    import { writeSync } from 'node:fs';
    import { openStore } from './src/store/open.ts';
    import './src/store/postgres/open.ts';
    import './src/store/sqlite/open.ts';
    import { someEvent, someKey } from './test/support/rows.ts';
    const say = (line) => writeSync(1, line + '\\n');
    const url = process.env.STORE_URL;
    ${script}
  `;
  return new Child(process.execPath, ['--input-type=module-typescript', '-e', text], {
    cwd: root,
    env: { ...process.env, STORE_URL: url },
  });
}

/** Such a process, killed so long after its first line. */
async function killedProcess(url: string, script: string, lifeAfterFirstLineMs: number): Promise<Child> {
  const child = spawnProcess(url, script);
  await until(
    'the process works',
    () => {
      if (!child.isRunning) throw new Error(`it ended: ${child.stderr}`);
      return child.stdout.includes('\n');
    },
    60_000,
  );
  await delay(lifeAfterFirstLineMs); // when it dies is the point
  if (!child.isRunning) throw new Error(`it ended by itself: ${child.stderr}`);
  child.process.kill('SIGKILL');
  await once(child.process, 'close');
  return child;
}

/** Calls `rehearse` for every moment, several at a time. */
async function atMoments(moments: number, rehearse: (moment: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let moment = next++; moment < moments; moment = next++) await rehearse(moment);
  };
  await Promise.all(Array.from({ length: Math.min(together, moments) }, work));
}

export interface WriterKillsReport {
  readonly moments: number;
  /** Writes that were acknowledged before their process died. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** Keys without their event, and events without their key. */
  readonly halves: readonly string[];
}

/** Processes write keys to one store, each until it is killed at a random moment; what they were told is written has to be there. */
export async function rehearseWriterKills(url: string, moments: number): Promise<WriterKillsReport> {
  await (await openStore({ url })).close();
  const acknowledged: string[] = [];
  await atMoments(moments, async () => {
    const writer = `
      const store = await openStore({ url });
      for (;;) {
        const key = someKey();
        const event = someEvent({ type: 'key.created', payload: { key_id: key.id } });
        const isWritten = await store.keys.create(key, event).then(() => true, (error) => {
          if (error.httpStatus !== 503) throw error;
        });
        if (isWritten) say(key.id);
      }`;
    const { stdout } = await killedProcess(url, writer, randomInt(300));
    acknowledged.push(...(stdout.match(/^\w+$/gm) ?? []));
  });
  const store = await openStore({ url });
  try {
    const keys = new Set((await store.keys.list()).map(({ id }) => id));
    const events = (await store.events.list({ limit: 10_000_000 })).map(({ payload }) => String(payload.key_id));
    const told = new Set(events);
    const halves = [...[...keys].filter((id) => !told.has(id)), ...events.filter((id) => !keys.has(id))];
    return { moments, acknowledged: acknowledged.length, lost: acknowledged.filter((id) => !keys.has(id)), halves };
  } finally {
    await store.close();
  }
}

export interface MigrationKillsReport {
  readonly moments: number;
  /** How many were killed before they were done; the rest died just after. */
  readonly interrupted: number;
  /** What making the tables took where nobody was killed: the moments are spread over one and a half times as long. */
  readonly undisturbedMs: number;
}

/** Makes the tables, and is killed so long after it began: by a thread of its own, because what is measured is shorter than a look from outside. */
const migration = (lifeMs: number) => `
  import { once } from 'node:events';
  import { Worker } from 'node:worker_threads';
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const killer = new Worker(\`
    import { parentPort, workerData } from 'node:worker_threads';
    parentPort.postMessage('ready');
    Atomics.wait(workerData, 0, 0);
    Atomics.wait(workerData, 0, 1, ${lifeMs});
    process.kill(process.pid, 'SIGKILL');
  \`, { eval: true, workerData: begun });
  await once(killer, 'message');
  Atomics.store(begun, 0, 1);
  Atomics.notify(begun, 0);
  const startedMs = performance.now();
  await openStore({ url });
  say('done ' + Math.ceil(performance.now() - startedMs));`;

/**
 * Processes bring empty stores up to date, each until it is killed, at moments spread over the whole; then each store has to open, up to
 * date, and take a write. Throws when one does not.
 */
export async function rehearseMigrationKills(
  newUrl: () => Promise<string>,
  moments: number,
): Promise<MigrationKillsReport> {
  const undisturbed = spawnProcess(await newUrl(), migration(60_000));
  const done = await until('the tables are made', () => /^done (\d+)$/m.exec(undisturbed.stdout) ?? undefined, 60_000);
  await undisturbed.stop('SIGKILL');
  const undisturbedMs = Number(done[1]);
  let interrupted = 0;
  await atMoments(moments, async (moment) => {
    const url = await newUrl();
    const lifeMs = ((moment + Math.random()) / moments) * 1.5 * undisturbedMs;
    const { stdout, stderr } = await spawnProcess(url, migration(lifeMs)).exited;
    if (stderr !== '') throw new Error(`it ended by itself: ${stderr}`);
    if (!stdout.includes('done')) interrupted++;
    const store = await openStore({ url });
    try {
      const { migrations } = await store.status();
      const missing = migrations.filter(({ isApplied }) => !isApplied);
      if (missing.length > 0) throw new Error(`not applied: ${JSON.stringify(missing)}`);
      await store.keys.create(someKey(), someEvent());
    } finally {
      await store.close();
    }
  });
  return { moments, interrupted, undisturbedMs };
}

import { deserialize, serialize } from 'node:v8';
import { ViewerAnalytics } from '../../src/analytics/viewer-analytics.ts';
import { collectGarbage } from '../../src/base/garbage.ts';
import { writeReport } from '../../src/cmcd/write-report.ts';
import type { ViewerEventBatch } from '../../src/delivery/viewer-events/event-batch.ts';
import type { ViewerEventReader } from '../../src/delivery/viewer-events/event-reader.ts';
import type { EventSource, NewViewerEvent } from '../../src/delivery/viewer-events/event-writer.ts';
import { ViewerEventWriter, viewerName } from '../../src/delivery/viewer-events/event-writer.ts';
import { QoeWindow } from '../../src/live/qoe-window.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { type Door, type Visitor, type VisitorKind, visitorKinds, visitorOf } from './audience-visitors.ts';
import type { Report } from './report.ts';

export interface SessionMemoryOptions {
  /** Who watches when it is measured. */
  readonly viewers: number;
}

/** A session takes less of the heap of control. */
export const sessionBytes = 1024;
const stream = { streamId: 'st1', channel: 'show', targetDurationMs: 2000, partTargetMs: 500 };
/** So many more came and have left within the five minutes that are looked at. */
const leftShare = 0.3;
const segmentsTogether = 4;
/** Longer than silence is listened to: of those who have left nothing is there but what is kept for five minutes. */
const segmentsAfter = 17;
const qoeEverySegments = 3;

type Crowd = VisitorKind | 'all';

/**
 * What a viewer's session takes of the heap of the control thread: events of simulated viewers go the way they go in a server, without
 * sockets and threads. `all` is the crowd of the bench `audience`. Resolves with whether it is little enough.
 */
export async function benchSessionMemory({ viewers }: SessionMemoryOptions, report: Report): Promise<boolean> {
  // What is compiled and learned at first is nobody's session.
  for (const kind of visitorKinds) await measure(kind, 500);
  const found: Partial<Record<Crowd, MemoryFigures>> = {};
  for (const kind of visitorKinds) found[kind] = await measure(kind, Math.ceil(viewers / 2));
  found.all = await measure('all', viewers);
  const bytes = Object.entries(found) as [Crowd, MemoryFigures][];
  report.line({ viewers, bytes_per_session: Object.fromEntries(bytes) });
  report.table([
    ['viewers known by', 'bytes a session', 'of them outside the heap'],
    ...bytes.map(([crowd, { heap, outside }]) => [crowd, heap + outside, outside]),
  ]);
  const { heap, outside } = found.all!;
  if (heap + outside < sessionBytes) return true;
  report.progress(`BROKEN: a session takes ${heap + outside} bytes, not less than ${sessionBytes}`);
  return false;
}

/** Bytes a session. */
interface MemoryFigures {
  readonly heap: number;
  /** Of typed arrays. */
  readonly outside: number;
}

async function measure(crowd: Crowd, viewers: number): Promise<MemoryFigures> {
  const before = usedBytes();
  const folder = await temporaryFolder('session-memory');
  const audience = await watchedBy(crowd, viewers, folder.path).finally(folder.remove);
  const after = usedBytes();
  const { sessions } = audience.analytics.stats();
  if (sessions !== viewers) throw new Error(`${sessions} sessions of ${viewers} viewers`);
  return {
    heap: Math.round((after.heap - before.heap) / viewers),
    outside: Math.round((after.outside - before.outside) / viewers),
  };
}

function usedBytes(): MemoryFigures {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, outside: arrayBuffers };
}

/** What control has of an audience. What delivery threads have of it is garbage by the time it is given. */
async function watchedBy(crowd: Crowd, viewers: number, dataDir: string) {
  const clock = new ManualClock();
  const analytics = new ViewerAnalytics({ clock, ...forgetful, node: 'here', dataDir, retentionMs: 1e9 });
  await analytics.start();
  const control = { clock, analytics, reader: analytics.newReader(), qoe: new QoeWindow(clock) };
  await watch(visitorsOf(crowd, Math.round(viewers * (1 + leftShare))), viewers, control);
  return control;
}

/** Keeps no session, and says nothing of it. */
const forgetful = {
  store: { save: async () => {}, open: async () => [], remove: async () => {}, removeEndedBefore: async () => 0 },
  log: { warn: () => {} } as never,
};

interface Control {
  readonly clock: ManualClock;
  readonly analytics: ViewerAnalytics;
  readonly reader: ViewerEventReader;
  readonly qoe: QoeWindow;
}

/** All watch together, then only so many of them. */
async function watch(visitors: readonly Visitor[], remaining: number, control: Control): Promise<void> {
  const { clock, analytics, qoe } = control;
  const desk = new ViewerDesk(control);
  const sources = visitors.map((visitor) => desk.sourceOf(visitor));
  for (const [index, visitor] of visitors.entries()) desk.arrive(visitor, sources[index]!);
  for (let msn = 1; msn <= segmentsTogether + segmentsAfter; msn++) {
    const first = msn > segmentsTogether ? visitors.length - remaining : 0;
    for (let index = first; index < visitors.length; index++) desk.watch(visitors[index]!, sources[index]!, msn);
    desk.flush();
    if (msn % qoeEverySegments === 0) qoe.look(analytics.recent(stream.streamId), []);
    for (let passedMs = 0; passedMs < stream.targetDurationMs; passedMs += 1000) {
      clock.advance(1000);
      await new Promise(setImmediate); // what waited for the store goes there
    }
  }
}

/** Half by each door; of those, who is of this kind. */
function visitorsOf(crowd: Crowd, count: number): Visitor[] {
  const visitors: Visitor[] = [];
  for (let number = 0; visitors.length < count; number++) {
    for (const door of ['direct', 'proxied'] as const satisfies readonly Door[]) {
      const visitor = visitorOf(number, door, 'many');
      if (crowd === 'all' || visitor.kind === crowd) visitors.push(visitor);
    }
  }
  return visitors.slice(0, count);
}

/** Tells control what viewers do, as a delivery thread does. */
class ViewerDesk {
  private readonly clock: ManualClock;
  private readonly writer: ViewerEventWriter;
  private readonly event: NewViewerEvent;

  constructor({ clock, analytics, reader }: Control) {
    this.clock = clock;
    this.writer = new ViewerEventWriter(clock.wallMs.bind(clock), ({ memory, ...batch }: ViewerEventBatch) => {
      // Between threads names are copied, each for itself.
      reader.read({ ...(deserialize(serialize(batch)) as typeof batch), memory }, analytics.take);
      this.writer.giveBack(memory);
    });
    this.event = {
      ...{
        kind: 'playlist',
        stream: this.writer.nameStream(stream),
        rendition: 'source',
        isAudio: false,
        isDash: false,
      },
      ...{ status: 200, bytes: 700, msn: 0, index: 0, ageMs: undefined, isReload: false },
    };
  }

  sourceOf({ address, userAgent }: Visitor): EventSource {
    const viewer = viewerName(address ?? '::1', userAgent);
    return { viewer, connection: this.writer.nameConnection(), isBehindProxy: address !== undefined };
  }

  arrive(visitor: Visitor, source: EventSource): void {
    this.ask(visitor, source, { kind: 'multivariant', rendition: '' });
    this.ask(visitor, source, { kind: 'init' });
    if (visitor.kind !== 'reporting') return;
    const timeMs = this.clock.wallMs();
    const report = writeReport({ sessionId: visitor.sessionId, event: 'ps', state: 'playing', timeMs, format: 'h' });
    const connection = this.writer.nameConnection();
    const told = { ...this.event, kind: 'report', rendition: '', status: 204, bytes: 0 } as const;
    this.writer.add(told, { ...source, connection }, Buffer.from(`${report}\n`));
  }

  watch(visitor: Visitor, source: EventSource, msn: number): void {
    this.ask(visitor, source, {});
    this.ask(visitor, source, { kind: 'segment', msn, bytes: 100_000 });
  }

  flush(): void {
    this.writer.flush();
  }

  private ask({ kind, query, session }: Visitor, source: EventSource, members: Partial<NewViewerEvent>): void {
    const isHeaderText = kind === 'header' || kind === 'reporting';
    const text = kind === 'query' ? query.slice('CMCD='.length) : isHeaderText ? session : undefined;
    this.writer.add({ ...this.event, ...members }, source, text, isHeaderText);
  }
}

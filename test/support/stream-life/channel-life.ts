import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../../../src/store/ports/store.ts';
import type { StreamRow } from '../../../src/store/ports/stream-store.ts';
import { until } from '../until.ts';
import { eventMistakes } from './event-order.ts';
import {
  after,
  afterRestart,
  isRunning,
  type LifeCommand,
  type LifeModel,
  type ModelStream,
  mayConnect,
} from './life-model.ts';
import { LightPublisher } from './light-publisher.ts';

/** A server under test, as far as one channel needs it. */
export interface LifeServer {
  readonly rtmpUrl: string;
  readonly graceMs: number;
  readonly pendingTimeoutMs: number;
  /** Of its own, on what the server writes. */
  readonly store: Store;
  /** As the operator, or with a stream key; gives status and answer. */
  call(
    method: string,
    path: string,
    body?: object,
    key?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

/** How long the store may take to show what has happened, on a machine that is busy. */
const patienceMs = 20_000;
/** Too short a rest of a wait to do anything in. */
const scarceMs = 800;

/** Does things to one channel of a running server, and holds what comes of it against the model. */
export class ChannelLife {
  readonly channel: string;
  /** For whoever reads a failure. */
  readonly story: string[] = [];
  private readonly server: LifeServer;
  private readonly texts: [string, string];
  private readonly seen = new Set<string>();
  private hasSeenRestarts = false;
  private model: LifeModel;
  private publisher: LightPublisher | undefined;
  /** From when on the stream ends as soon as no publisher is there, wall clock ms. */
  private deadlineMs = Number.POSITIVE_INFINITY;

  private constructor(server: LifeServer, channel: string, keys: readonly { id: string; key: string }[]) {
    this.server = server;
    this.channel = channel;
    const [first, second] = keys;
    const key = { isRevoked: false, isExpired: false, isForbidden: false };
    this.texts = [first!.key, second!.key];
    this.model = {
      stream: undefined,
      keys: [
        { id: first!.id, ...key },
        { id: second!.id, ...key },
      ],
      publisher: undefined,
      newestKeyId: null,
    };
  }

  static async create(server: LifeServer, channel: string): Promise<ChannelLife> {
    const keys: { id: string; key: string }[] = [];
    for (let n = 0; n < 2; n++) keys.push((await server.call('POST', '/keys', { channel })).body as never);
    return new ChannelLife(server, channel, keys);
  }

  /** Does one thing, and waits until the store has what should come of it. Throws when it does not. */
  async step(command: LifeCommand): Promise<void> {
    await this.waitWhereTimeIsScarce();
    this.story.push(JSON.stringify(command));
    const publisher = this.publisher;
    const beganMs = Date.now();
    await this.perform(command);
    await this.settle(beganMs, (model) => after(model, command));
    if (publisher !== undefined && this.model.publisher === undefined) await this.isSentAway(publisher, command);
  }

  /** The server was stopped in order, or crashed, and has started again. */
  async restarted(how: 'stop' | 'crash'): Promise<void> {
    this.story.push(how);
    this.hasSeenRestarts = true;
    this.publisher?.lose();
    this.publisher = undefined;
    const alternatives = how === 'stop' && this.model.publisher?.hasSent ? [true] : [true, false];
    await this.settle(
      Date.now(),
      ...alternatives.map((hasMedia) => (model: LifeModel) => afterRestart(model, hasMedia)),
    );
  }

  /** Whoever is connected goes, and what waits has waited. */
  async finish(): Promise<void> {
    if (this.model.publisher !== undefined) await this.step({ type: 'lose' });
    await this.step({ type: 'wait' });
  }

  /** Everything that is wrong with what the store has of all streams of the channel. */
  async mistakes(): Promise<string[]> {
    const { store, graceMs, pendingTimeoutMs } = this.server;
    const { streams, events } = store;
    // A broadcast that nobody had seen is over with the process, without a grace.
    const waits = { pendingTimeoutMs, graceMs: this.hasSeenRestarts ? 0 : graceMs };
    const { items } = await streams.list({ channel: this.channel, limit: 1000 });
    const found = await Promise.all(
      items.map(async (row) => {
        const told = await events.list({ streamId: row.id, limit: 1000 });
        return eventMistakes(told, row, waits).map((mistake) => `${row.id}: ${mistake}`);
      }),
    );
    const running = items.filter(({ state }) => state === 'PENDING_INGEST' || state === 'ACTIVE');
    if (running.length > 1) found.push([`${running.length} streams run at once`]);
    if (items.length !== this.seen.size) found.push([`${items.length} streams, ${this.seen.size} were expected`]);
    return found.flat();
  }

  private async perform(command: LifeCommand): Promise<void> {
    const { server, channel } = this;
    switch (command.type) {
      case 'announce':
        return this.announce(command);
      case 'connect':
        return this.connect(command.key);
      case 'send':
        return this.publisher?.sendPicture();
      case 'send-garbage':
        return this.publisher?.sendGarbage();
      case 'goodbye':
        await this.publisher?.goodbye();
        return this.isKnownToBeGone();
      case 'lose':
        this.publisher?.lose();
        return this.isKnownToBeGone();
      case 'stop':
        if (this.model.stream !== undefined) await server.call('DELETE', `/streams/${channel}`);
        return;
      case 'wait':
        return;
      case 'revoke':
        await server.call('DELETE', `/keys/${this.model.keys[command.key].id}`);
        return;
      case 'rotate':
        return this.rotate(command.key);
      case 'expire':
        return this.change(command.key, { expires_at: new Date(Date.now() - 1000).toISOString() });
      case 'forbid':
        return this.change(command.key, { policy: { codecs: ['hevc'] } });
      case 'allow':
        return this.change(command.key, { expires_at: null, policy: { codecs: null } });
    }
  }

  /** A broadcast that has not begun shows in the store neither that its publisher is there, nor that it is gone. */
  private async isKnownToBeGone(): Promise<void> {
    if (!isRunning(this.model.stream)) return;
    const isGone = async () => (await this.server.call('GET', `/streams/${this.channel}`)).body.ingest === null;
    await until('the server has noticed that the publisher is gone', isGone, patienceMs);
  }

  private async announce({ key, by }: Extract<LifeCommand, { type: 'announce' }>): Promise<void> {
    const { status, body } =
      by === 'key'
        ? await this.server.call('POST', '/streams', undefined, this.texts[key])
        : await this.server.call('POST', '/streams', { channel: this.channel });
    this.story.push(`${status} ${body.code ?? ''}`);
    if (status === 201 || body.code === 'STREAM_ALREADY_ANNOUNCED') return;
    if (by === 'key' && !mayConnect(this.model.keys[key])) return;
    throw new Error(`announced: ${status} ${JSON.stringify(body)}`);
  }

  private async connect(index: 0 | 1): Promise<void> {
    const key = this.model.keys[index];
    const next = new LightPublisher(this.server.rtmpUrl, this.texts[index]);
    try {
      await next.connect();
    } catch (error) {
      if (!mayConnect(key)) return;
      throw error;
    }
    if (!mayConnect(key)) throw new Error('a key that is not good was let in');
    const before = this.publisher;
    this.publisher = next;
    if (before !== undefined) await this.isSentAway(before, { type: 'connect', key: index });
  }

  private async rotate(index: 0 | 1): Promise<void> {
    const { id, isRevoked } = this.model.keys[index];
    if (isRevoked) return;
    const old = this.texts[index];
    const { body } = await this.server.call('POST', `/keys/${id}/rotate`, { overlap_ms: 0 });
    this.texts[index] = body.key as string;
    const late = new LightPublisher(this.server.rtmpUrl, old);
    const refusal = await late.connect().catch((error: Error) => error);
    if (refusal === undefined) throw new Error('a secret that was rotated away was let in');
  }

  private async change(index: 0 | 1, patch: object): Promise<void> {
    const { status, body } = await this.server.call('PATCH', `/keys/${this.model.keys[index].id}`, patch);
    if (status !== 200) throw new Error(`changing a key: ${status} ${JSON.stringify(body)}`);
  }

  /** A publisher that is not wanted any more is told so, and its connection closed. */
  private async isSentAway(publisher: LightPublisher, command: LifeCommand): Promise<void> {
    if (this.publisher === publisher) this.publisher = undefined;
    if (command.type === 'goodbye' || command.type === 'lose') return;
    await until(`the publisher is sent away after ${command.type}`, () => publisher.failure !== undefined, patienceMs);
  }

  /** Rather than race with a wait that is nearly over, see its end. */
  private async waitWhereTimeIsScarce(): Promise<void> {
    if (this.model.publisher !== undefined || this.deadlineMs - Date.now() > scarceMs) return;
    this.story.push('time is scarce');
    await this.settle(Date.now(), (model) => after(model, { type: 'wait' }));
  }

  /**
   * Waits until the newest row is what one of `outcomes` makes of the model. Where the stream had waited long enough, it may have ended
   * before, or right afterwards.
   */
  private async settle(beganMs: number, ...outcomes: readonly ((model: LifeModel) => LifeModel)[]): Promise<void> {
    const { model, deadlineMs } = this;
    const { graceMs, pendingTimeoutMs } = this.server;
    // What was waited for began with this step, on a machine so busy that it is over before we look.
    const overAtMs = beganMs + Math.min(graceMs, pendingTimeoutMs);
    const late = (before: LifeModel) => after(before, { type: 'wait' });
    const candidates = outcomes.map((outcome) => outcome(model));
    const lateCandidates = outcomes.flatMap((outcome) => [outcome(late(model)), late(outcome(model))]);
    let row: StreamRow | undefined;
    const found = await until(
      'the store has what should have happened',
      async () => {
        row = await this.server.store.streams.find(this.channel);
        const isLate = Date.now() >= deadlineMs || (row?.endedAtMs ?? 0) >= overAtMs;
        return [...candidates, ...(isLate ? lateCandidates : [])].find(({ stream }) => this.isAsExpected(stream, row));
      },
      patienceMs + graceMs + pendingTimeoutMs,
    ).catch((error: Error) => {
      const wanted = candidates.map(({ stream }) => stream);
      throw new Error(`${error.message}: ${JSON.stringify({ wanted, found: row && modelOf(row) })}`);
    });
    if (row !== undefined) this.seen.add(row.id);
    this.model = { ...found, stream: found.stream && { ...found.stream, id: row!.id } };
    this.deadlineMs = this.deadlineOf(row);
  }

  private isAsExpected(wanted: ModelStream | undefined, row: StreamRow | undefined): boolean {
    if (wanted === undefined || row === undefined) return wanted === row;
    const found = modelOf(row);
    if (wanted.id !== undefined) return isDeepStrictEqual(wanted, found);
    return !this.seen.has(row.id) && isDeepStrictEqual({ ...wanted, id: row.id }, found);
  }

  private deadlineOf(row: StreamRow | undefined): number {
    if (row === undefined || !isRunning(this.model.stream)) return Number.POSITIVE_INFINITY;
    const { graceMs, pendingTimeoutMs } = this.server;
    if (row.state === 'PENDING_INGEST') return row.createdAtMs + pendingTimeoutMs;
    return row.interruptedSinceMs === null ? Number.POSITIVE_INFINITY : row.interruptedSinceMs + graceMs;
  }
}

function modelOf({ id, state, reason, interruptedSinceMs, keyId }: StreamRow): ModelStream {
  return { id, state, reason, isInterrupted: interruptedSinceMs !== null, keyId };
}

import type { StreamEndReason, StreamState } from '../../../src/contract/stream-state.ts';

/** What may be done to a channel and its keys, of which each channel has two. */
export type LifeCommand =
  | { readonly type: 'announce'; readonly key: 0 | 1; readonly by: 'token' | 'key' }
  /** A publisher connects. */
  | { readonly type: 'connect'; readonly key: 0 | 1 }
  /** It sends media. */
  | { readonly type: 'send' }
  | { readonly type: 'send-garbage' }
  | { readonly type: 'goodbye' }
  | { readonly type: 'lose' }
  | { readonly type: 'stop' }
  | { readonly type: 'revoke' | 'rotate' | 'expire' | 'forbid' | 'allow'; readonly key: 0 | 1 }
  /** Nothing is done until what is waited for has been waited for in vain. */
  | { readonly type: 'wait' };

/** The channel's newest stream, as its row should have it. */
export interface ModelStream {
  /** Undefined for one that is new with this command. */
  readonly id: string | undefined;
  readonly state: StreamState;
  readonly reason: StreamEndReason | null;
  readonly isInterrupted: boolean;
  readonly keyId: string | null;
}

export interface ModelKey {
  readonly id: string;
  readonly isRevoked: boolean;
  readonly isExpired: boolean;
  /** Its policy allows nothing that our publishers send. */
  readonly isForbidden: boolean;
}

export interface LifeModel {
  readonly stream: ModelStream | undefined;
  readonly keys: readonly [ModelKey, ModelKey];
  /** Whoever is connected; its key is the stream's, whatever the row has. */
  readonly publisher: { readonly keyId: string; readonly hasSent: boolean } | undefined;
  /** Of the stream: of whoever published or announced it last. */
  readonly newestKeyId: string | null;
}

export function isRunning(stream: ModelStream | undefined): stream is ModelStream {
  return stream?.state === 'PENDING_INGEST' || stream?.state === 'ACTIVE';
}

export function mayConnect({ isRevoked, isExpired }: ModelKey): boolean {
  return !isRevoked && !isExpired;
}

/** What a command makes of a channel. */
export function after(model: LifeModel, command: LifeCommand): LifeModel {
  const { stream, publisher } = model;
  const running = isRunning(stream) ? stream : undefined;
  switch (command.type) {
    case 'announce': {
      if (running !== undefined) return model;
      const key = model.keys[command.key];
      if (command.by === 'key' && !mayConnect(key)) return model;
      const keyId = command.by === 'key' ? key.id : null;
      return { ...model, stream: newStream(keyId), newestKeyId: keyId };
    }
    case 'connect': {
      const key = model.keys[command.key];
      if (!mayConnect(key)) return model;
      const connected = { ...model, publisher: { keyId: key.id, hasSent: false }, newestKeyId: key.id };
      if (running === undefined) return { ...connected, stream: newStream(key.id) };
      return publisher === undefined ? connected : { ...connected, stream: { ...running, keyId: key.id } };
    }
    case 'send':
      if (publisher === undefined) return model;
      if (keyOf(model).isForbidden) return failed(model, 'policy');
      return begun(model);
    case 'send-garbage':
      return publisher === undefined ? model : failed(model, 'input');
    case 'goodbye':
      if (publisher === undefined) return model;
      return running?.state === 'ACTIVE' ? ended(model, 'ENDED_GRACEFULLY', 'publisher') : left(model);
    case 'lose':
      if (publisher === undefined) return model;
      return running?.state === 'ACTIVE'
        ? { ...left(model), stream: { ...running, isInterrupted: true } }
        : left(model);
    case 'stop':
      if (running === undefined) return model;
      return ended(model, 'ENDED_GRACEFULLY', running.state === 'ACTIVE' ? 'operator' : 'cancelled');
    case 'wait':
      if (running === undefined || publisher !== undefined) return model;
      if (running.state === 'PENDING_INGEST') return ended(model, 'ERROR', 'no_publisher');
      return running.isInterrupted ? ended(model, 'ERROR', 'publisher_lost') : model;
    case 'revoke': {
      const revoked = withKey(model, command.key, { isRevoked: true });
      const isPublishing = model.newestKeyId === model.keys[command.key].id;
      return running !== undefined && isPublishing ? ended(revoked, 'ERROR', 'key_revoked') : revoked;
    }
    case 'expire':
      return withKey(model, command.key, { isExpired: true });
    case 'rotate':
      return model;
    case 'allow':
      return withKey(model, command.key, { isForbidden: false, isExpired: false });
    case 'forbid': {
      const forbidden = withKey(model, command.key, { isForbidden: true });
      const isSending = publisher?.hasSent === true && publisher.keyId === model.keys[command.key].id;
      return isSending ? failed(forbidden, 'policy') : forbidden;
    }
  }
}

/** What a restart makes of it; `hasMedia`: segments of it were listed, and written down. */
export function afterRestart(model: LifeModel, hasMedia: boolean): LifeModel {
  const { stream } = model;
  if (!isRunning(stream)) return left(model);
  const resumed = { ...left(model), newestKeyId: stream.keyId };
  // Of a publisher that was connected with another key and had sent nothing, nobody knows any more.
  const isRevoked = model.keys.some((key) => key.id === stream.keyId && key.isRevoked);
  if (isRevoked) return ended(resumed, 'ERROR', 'key_revoked');
  if (stream.state === 'PENDING_INGEST') return resumed;
  if (!hasMedia) return ended(resumed, 'ERROR', 'publisher_lost');
  return { ...resumed, stream: { ...stream, isInterrupted: true } };
}

function newStream(keyId: string | null): ModelStream {
  return { id: undefined, state: 'PENDING_INGEST', reason: null, isInterrupted: false, keyId };
}

function keyOf({ keys, publisher }: LifeModel): ModelKey {
  return keys.find(({ id }) => id === publisher?.keyId)!;
}

function withKey(model: LifeModel, index: 0 | 1, change: Partial<ModelKey>): LifeModel {
  const [first, second] = model.keys;
  return { ...model, keys: index === 0 ? [{ ...first, ...change }, second] : [first, { ...second, ...change }] };
}

function left(model: LifeModel): LifeModel {
  return { ...model, publisher: undefined };
}

function begun(model: LifeModel): LifeModel {
  const { stream, publisher } = model;
  if (publisher === undefined || !isRunning(stream)) return model;
  const isNews = stream.state === 'PENDING_INGEST' || stream.isInterrupted;
  const keyId = isNews ? publisher.keyId : stream.keyId;
  return {
    ...model,
    publisher: { ...publisher, hasSent: true },
    stream: { ...stream, state: 'ACTIVE', isInterrupted: false, keyId },
  };
}

/** The publisher is sent away; a broadcast that has begun ends with it. */
function failed(model: LifeModel, reason: 'policy' | 'input'): LifeModel {
  return model.stream?.state === 'ACTIVE' ? ended(model, 'ERROR', reason) : left(model);
}

function ended(model: LifeModel, state: StreamState, reason: StreamEndReason): LifeModel {
  return { ...left(model), stream: { ...model.stream!, state, reason, isInterrupted: false } };
}

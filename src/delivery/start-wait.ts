import type { StreamWindow } from '../stream/window.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import { type Problem, problem } from './problem.ts';
import type { Resource } from './resource.ts';
import { isPlanned, isPresentationComplete } from './variant.ts';
import type { Hold, Resolution } from './waiting-room.ts';

/** How long what is just starting is waited for. */
export const startWaitMs = 2000;

/**
 * A presentation that is just starting is waited for, since players load it once: until every rendition announced or planned
 * has media, but no longer than two seconds if any has.
 */
export function awaitPresentation(
  stream: DeliveredStream,
  id: string,
  path: string,
  write: () => Resource | undefined,
): Resolution | Hold {
  const written = (): Resource | undefined => {
    const resource = write();
    if (resource !== undefined) stream.hasStarted = true;
    return resource;
  };
  const settled = () => (isPresentationComplete(stream.window) ? written() : undefined);
  const late = () => written() ?? problem('DELIVERY_STREAM_NOT_READY', { id });
  if (stream.hasStarted || stream.window.isEnded) return late();
  const test = () => (stream.window.isEnded ? late() : settled());
  return settled() ?? { key: path, timeoutMs: startWaitMs, test, onTimeout: late };
}

/** Something of a planned rendition that has no media yet is waited for as long. `find` gives it, once it is there. */
export function awaitRendition(
  window: StreamWindow,
  rendition: string,
  { key, find }: { readonly key: string; readonly find: () => Resolution | Hold | undefined },
): Resolution | Hold {
  const found = (): Resolution | undefined => {
    const answer = find();
    return answer !== undefined && 'replyTo' in answer ? answer : undefined;
  };
  const isComing = () => !window.isEnded && isPlanned(window, rendition);
  const refusal = (): Problem => {
    const { streamId } = window.stream;
    return problem('DELIVERY_RENDITION_NOT_READY', { rendition, id: streamId }, ['Retry-After', '1']);
  };
  if (!isComing()) return refusal();
  return {
    key: `planned ${key}`,
    timeoutMs: startWaitMs,
    test: () => found() ?? (isComing() ? undefined : refusal()),
    // What is there by now may be asked for at a point that is still to come.
    onTimeout: () =>
      found() ?? (find() === undefined ? refusal() : problem('DELIVERY_WAIT_TIMEOUT', { waitedMs: startWaitMs })),
  };
}

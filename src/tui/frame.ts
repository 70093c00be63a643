import { dialogLine, helpLines } from './dialogs.ts';
import { eventLine } from './event-line.ts';
import { cut, fitTo, type Line, segment } from './line.ts';
import { nodeBar, nodeLine, warningLines } from './node-lines.ts';
import { streamDepth } from './stream-depth.ts';
import { type StreamTable, streamTable } from './stream-table.ts';
import { selectedStream, shownStreams, type TopState } from './top-state.ts';

/** Everything on the screen, from top to bottom. */
export interface TopFrame {
  readonly head: readonly Line[];
  /** The streams, in the view of all; `height` with its line of heads. */
  readonly table: (StreamTable & { readonly selected: number; readonly height: number }) | undefined;
  readonly lower: readonly Line[];
  /** The last line. */
  readonly foot: Line;
  /** Over all the rest. */
  readonly help: readonly string[] | undefined;
}

export interface FrameSize {
  readonly width: number;
  /** Infinity where everything is to be shown. */
  readonly height: number;
}

export function topFrame(state: TopState, { width, height }: FrameSize, nowMs: number): TopFrame {
  const { node } = state;
  const foot = cut(dialogLine(state, nowMs), width);
  const help = state.dialog === 'help' ? helpLines : undefined;
  if (node === undefined)
    return { head: [[segment('Waiting for the first figures …')]], table: undefined, lower: [], foot, help };
  const head = [nodeBar(node, width), nodeLine(node, width), ...goneLines(state, width, nowMs)];
  const room = height - head.length - 1;
  const stream = selectedStream(state);
  if (state.view === 'depth' && stream !== undefined) {
    return { head, table: undefined, lower: depthLines(state, stream, { width, height: room }, nowMs), foot, help };
  }
  const streams = shownStreams(state);
  const warnings = warningLines(
    [...node.warnings, ...streamWarnings(state, height)],
    width,
    Number.isFinite(height) ? Math.min(6, Math.ceil(room / 4)) : height,
  );
  if (streams.length === 0) {
    const why =
      node.streams.length === 0
        ? 'No streams. Publish one: streamctl keys create NAME'
        : `No channel with “${state.filter}” in its name.`;
    return {
      head,
      table: undefined,
      lower: [[segment(fitTo(why, Math.min(width, why.length)))], ...warnings],
      foot,
      help,
    };
  }
  const tableHeight = Math.min(streams.length + 1, room - warnings.length);
  const table = {
    ...streamTable(streams, Number.isFinite(height) ? state.history : undefined, width),
    selected: Math.max(0, streams.indexOf(stream!)),
    height: tableHeight,
  };
  const lower = [...warnings, ...eventLines(state, width, room - warnings.length - tableHeight)];
  return { head, table, lower, foot, help };
}

function depthLines(
  state: TopState,
  stream: NonNullable<ReturnType<typeof selectedStream>>,
  size: FrameSize,
  nowMs: number,
): readonly Line[] {
  const { events, history, scrolled } = state;
  const options = { width: size.width, nowMs, history: history.get(stream.stream_id), events };
  const lines = streamDepth(stream, options);
  const first = Math.max(0, Math.min(scrolled, lines.length - size.height));
  return lines.slice(first, first + size.height);
}

function goneLines({ gone }: TopState, width: number, nowMs: number): Line[] {
  if (gone === null) return [];
  const seconds = Math.max(0, Math.ceil((gone.retryAtMs - nowMs) / 1000));
  const again = seconds === 0 ? 'trying again now' : `trying again in ${seconds} s`;
  return [[segment(fitTo(`! server gone, ${again} (${gone.why}); what is below is from before`, width), 'poor')]];
}

/** Of the stream that is selected, the others' being one key away; of all where everything is to be shown. */
function streamWarnings(state: TopState, height: number): string[] {
  const selected = selectedStream(state);
  const streams = Number.isFinite(height) ? (selected === undefined ? [] : [selected]) : shownStreams(state);
  return streams.flatMap(({ channel, warnings }) => warnings.map((warning) => `${channel}: ${warning}`));
}

function eventLines({ events, node }: TopState, width: number, height: number): Line[] {
  const shown = Math.min(events.length, height - 2);
  if (shown <= 0 || !Number.isFinite(height)) return [];
  const channels = new Map(node?.streams.map(({ stream_id: id, channel }) => [id, channel]));
  const newest = events.slice(-shown).reverse();
  const lines = newest.map((event) => eventLine(event, channels.get(event.streamId ?? '') ?? event.streamId ?? 'node'));
  return [[], [segment('EVENTS', 'bold')] as Line, ...lines.map((line) => cut(line, width))];
}

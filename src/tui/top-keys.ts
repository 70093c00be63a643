import { selectedStream, shownStreams, sortOrders, type TopState } from './top-state.ts';

/** What a key asks the world outside for. */
export type TopEffect =
  | { readonly kind: 'quit' }
  | { readonly kind: 'stop'; readonly streamId: string; readonly channel: string }
  | { readonly kind: 'copy-link'; readonly streamId: string; readonly channel: string };

export interface Pressed {
  readonly state: TopState;
  readonly effect?: TopEffect;
}

/** `key` by its name (`up`, `enter`, `escape`, `backspace`, `C-c`), else the character itself. */
export function press(state: TopState, key: string): Pressed {
  if (key === 'C-c') return { state, effect: { kind: 'quit' } };
  switch (state.dialog) {
    case 'filter':
      return { state: typeFilter(state, key) };
    case 'stop':
      return answerStop(state, key);
    case 'help':
      return { state: { ...state, dialog: 'none' } };
    case 'none':
      return state.view === 'depth' ? pressInDepth(state, key) : pressInList(state, key);
  }
}

function pressInList(state: TopState, key: string): Pressed {
  switch (key) {
    case 'up':
    case 'k':
      return { state: select(state, -1) };
    case 'down':
    case 'j':
      return { state: select(state, 1) };
    case 'pageup':
      return { state: select(state, -10) };
    case 'pagedown':
      return { state: select(state, 10) };
    case 'home':
    case 'g':
      return { state: select(state, Number.NEGATIVE_INFINITY) };
    case 'end':
    case 'G':
      return { state: select(state, Number.POSITIVE_INFINITY) };
    case 'enter': {
      const stream = selectedStream(state);
      if (stream === undefined) return { state };
      return { state: { ...state, view: 'depth', selectedId: stream.stream_id, scrolled: 0 } };
    }
    case 's':
      return { state: { ...state, sort: sortOrders[(sortOrders.indexOf(state.sort) + 1) % sortOrders.length]! } };
    case '/':
      return { state: { ...state, dialog: 'filter' } };
    case 'escape':
      if (state.filter !== '') return { state: { ...state, filter: '' } };
      return { state, effect: { kind: 'quit' } };
    case 'q':
      return { state, effect: { kind: 'quit' } };
    default:
      return pressAnywhere(state, key);
  }
}

function pressInDepth(state: TopState, key: string): Pressed {
  const scroll = (lines: number) => ({ state: { ...state, scrolled: Math.max(0, state.scrolled + lines) } });
  switch (key) {
    case 'up':
    case 'k':
      return scroll(-1);
    case 'down':
    case 'j':
      return scroll(1);
    case 'pageup':
      return scroll(-10);
    case 'pagedown':
      return scroll(10);
    case 'home':
    case 'g':
      return scroll(Number.NEGATIVE_INFINITY);
    case 'q':
    case 'escape':
    case 'left':
    case 'h':
    case 'backspace':
      return { state: { ...state, view: 'streams' } };
    default:
      return pressAnywhere(state, key);
  }
}

function pressAnywhere(state: TopState, key: string): Pressed {
  const stream = selectedStream(state);
  if (key === '?') return { state: { ...state, dialog: 'help' } };
  if (stream === undefined) return { state };
  const { stream_id: streamId, channel } = stream;
  if (key === 'x') return { state: { ...state, dialog: 'stop', selectedId: streamId } };
  if (key === 'c') return { state, effect: { kind: 'copy-link', streamId, channel } };
  return { state };
}

/** Only `y` stops: whatever else is pressed lets it go on. */
function answerStop(state: TopState, key: string): Pressed {
  const asked = { ...state, dialog: 'none' } as const;
  const stream = state.node?.streams.find(({ stream_id: id }) => id === state.selectedId);
  if (stream === undefined || (key !== 'y' && key !== 'Y')) return { state: asked };
  return { state: asked, effect: { kind: 'stop', streamId: stream.stream_id, channel: stream.channel } };
}

function typeFilter(state: TopState, key: string): TopState {
  switch (key) {
    case 'enter':
      return { ...state, dialog: 'none' };
    case 'escape':
      return { ...state, dialog: 'none', filter: '' };
    case 'backspace':
      return { ...state, filter: state.filter.slice(0, -1) };
    default:
      return /^[\w-]$/.test(key) ? { ...state, filter: state.filter + key } : state;
  }
}

function select(state: TopState, steps: number): TopState {
  const streams = shownStreams(state);
  const at = streams.findIndex(({ stream_id: id }) => id === state.selectedId);
  const next = streams[Math.min(streams.length - 1, Math.max(0, at + steps))];
  return { ...state, selectedId: next?.stream_id };
}

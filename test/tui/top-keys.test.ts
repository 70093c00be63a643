import { describe, expect, test } from 'vitest';
import { press } from '../../src/tui/top-keys.ts';
import { firstState, receive, shownStreams, type TopState } from '../../src/tui/top-state.ts';
import { nodeMetricsOf, streamMetricsOf } from '../support/live-metrics.ts';

const three = ['a', 'b', 'c'].map((channel, index) => streamMetricsOf(channel, { viewers: index }));
const listed = receive(firstState, { kind: 'snapshot', node: nodeMetricsOf(three) });

function typed(state: TopState, ...keys: readonly string[]): TopState {
  return keys.reduce((before, key) => press(before, key).state, state);
}

describe('keys', () => {
  test('move over the streams and stop at both ends', () => {
    expect(typed(listed, 'down').selectedId).toBe('st_b');
    expect(typed(listed, 'j', 'j', 'j', 'j').selectedId).toBe('st_c');
    expect(typed(listed, 'G', 'up').selectedId).toBe('st_b');
    expect(typed(listed, 'G', 'k', 'k', 'k').selectedId).toBe('st_a');
  });

  test('the selection stays with its stream, whatever comes before it', () => {
    const selected = typed(listed, 'down');
    const next = receive(selected, { kind: 'snapshot', node: nodeMetricsOf([streamMetricsOf('aa'), ...three]) });
    expect(next.selectedId).toBe('st_b');
    expect(receive(next, { kind: 'snapshot', node: nodeMetricsOf([three[0]!]) }).selectedId).toBe('st_a');
  });

  test('s sorts by one thing after the other', () => {
    const byViewers = typed(listed, 's', 's');
    expect(byViewers.sort).toBe('viewers');
    expect(shownStreams(byViewers).map(({ channel }) => channel)).toEqual(['c', 'b', 'a']);
    expect(typed(listed, 's', 's', 's', 's', 's').sort).toBe('channel');
  });

  test('a filter is typed, keys of commands included, and Esc takes it away', () => {
    const filtered = typed(listed, '/', 'q', 'x', 'backspace', '-');
    expect(filtered).toMatchObject({ dialog: 'filter', filter: 'q-' });
    expect(typed(filtered, 'enter')).toMatchObject({ dialog: 'none', filter: 'q-' });
    expect(typed(filtered, 'escape')).toMatchObject({ dialog: 'none', filter: '' });
    expect(press(typed(filtered, 'enter'), 'escape')).toEqual({ state: { ...listed, filter: '' } });
  });

  test('x stops a stream only after y', () => {
    const asked = press(typed(listed, 'down'), 'x');
    expect(asked.effect).toBeUndefined();
    expect(asked.state.dialog).toBe('stop');
    expect(press(asked.state, 'y').effect).toEqual({ kind: 'stop', streamId: 'st_b', channel: 'b' });
    for (const key of ['n', 'enter', 'escape', ' ', 'x']) {
      expect(press(asked.state, key)).toEqual({ state: { ...asked.state, dialog: 'none' } });
    }
  });

  test('what was asked about is stopped, and not what has taken its place', () => {
    const asked = typed(listed, 'down', 'x');
    const without = receive(asked, { kind: 'snapshot', node: nodeMetricsOf([three[0]!, three[2]!]) });
    expect(press(without, 'y').effect).toBeUndefined();
  });

  test('c copies the link of the stream that is selected, in both views', () => {
    const effect = { kind: 'copy-link', streamId: 'st_b', channel: 'b' };
    expect(press(typed(listed, 'down'), 'c').effect).toEqual(effect);
    expect(press(typed(listed, 'down', 'enter'), 'c').effect).toEqual(effect);
  });

  test('q and Esc go back from depth, then quit; Ctrl-C quits from anywhere', () => {
    const deep = typed(listed, 'enter');
    expect(press(deep, 'q')).toEqual({ state: { ...deep, view: 'streams' } });
    expect(press(listed, 'q').effect).toEqual({ kind: 'quit' });
    expect(press(listed, 'escape').effect).toEqual({ kind: 'quit' });
    for (const state of [listed, deep, typed(listed, '/'), typed(listed, 'x'), typed(listed, '?'), firstState]) {
      expect(press(state, 'C-c').effect).toEqual({ kind: 'quit' });
    }
  });

  test('any key leaves the help', () => {
    expect(typed(listed, '?').dialog).toBe('help');
    expect(press(typed(listed, '?'), 'q')).toEqual({ state: listed });
  });

  test('without streams, keys that need one do nothing', () => {
    for (const key of ['x', 'c', 'enter', 'down', 'up', 'G']) {
      expect(press(firstState, key)).toEqual({ state: firstState });
    }
  });
});

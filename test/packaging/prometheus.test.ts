import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { allMetrics } from '../../src/metrics/registry.ts';
import { run } from '../support/child.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'packaging/prometheus');
const dashboard = JSON.parse(readFileSync(join(root, 'packaging/grafana/streamctl.json'), 'utf8'));
const rules = readFileSync(join(folder, 'recording-rules.yml'), 'utf8');
const alerts = readFileSync(join(folder, 'alerts.yml'), 'utf8');

/** What Prometheus makes of our metrics, and of our recording rules. */
const series = new Set([
  ...allMetrics.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
  ...[...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name!),
]);

function namedIn(text: string): string[] {
  return [...text.matchAll(/streamctl[_:][a-z0-9_:]+/g)].map(([name]) => name);
}

test('the rules are good, and alert when budgets burn and not otherwise', async () => {
  const checked = await run('promtool', [
    'check',
    'rules',
    join(folder, 'alerts.yml'),
    join(folder, 'recording-rules.yml'),
  ]);
  expect(checked.code, checked.stdout + checked.stderr).toBe(0);
  const tested = await run('promtool', ['test', 'rules', join(import.meta.dirname, 'alerts.test.yml')]);
  expect(tested.code, tested.stdout + tested.stderr).toBe(0);
});

test('rules and dashboard name only what there is', () => {
  const panels: { readonly targets?: readonly { readonly expr: string }[] }[] = dashboard.panels;
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const templates = JSON.stringify(dashboard.templating);
  const expressions = [...alerts.matchAll(/expr: (.*)/g), ...rules.matchAll(/expr: (.*)/g)].map(([, expr]) => expr!);
  const named = [...queries, templates, ...expressions].flatMap(namedIn);
  expect(named.length).toBeGreaterThan(80);
  expect(named.filter((name) => !series.has(name))).toEqual([]);
});

test('every alert has a runbook in docs/operations.md', () => {
  const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const headings = [...operations.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase());
  const anchors = [...alerts.matchAll(/runbook: docs\/operations\.md#(\S+)/g)].map(([, anchor]) => anchor!);
  expect(anchors).toHaveLength([...alerts.matchAll(/- alert:/g)].length);
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
});

test('Grafana can import the dashboard: every panel has its place, kind and source, and none covers another', () => {
  expect(dashboard).toMatchObject({ title: 'streamctl', uid: 'streamctl', schemaVersion: expect.any(Number) });
  const taken = new Set<string>();
  for (const { id, type, title, gridPos, targets, datasource } of dashboard.panels) {
    expect({ id, title }).toEqual({ id: expect.any(Number), title: expect.any(String) });
    expect(['row', 'stat', 'timeseries']).toContain(type);
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x} ${y}`), `${title} covers another`).toBe(false);
        taken.add(`${x} ${y}`);
      }
    }
    if (type === 'row') continue;
    expect(datasource).toEqual({ type: 'prometheus', uid: `\${datasource}` });
    expect(new Set(targets.map(({ refId }: { refId: string }) => refId)).size).toBe(targets.length);
  }
  expect(new Set(dashboard.panels.map(({ id }: { id: number }) => id)).size).toBe(dashboard.panels.length);
});

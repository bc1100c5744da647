/** Alerts and the dashboard ask for metrics that exist, and every alert has a page. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, describeWithHelm, only, rendered, ROOT } from './helm.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url?: string };
}

interface Groups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const ALERTS = join(CHART, 'files', 'alerts.yaml');
const alerts = (parse(readFileSync(ALERTS, 'utf8')) as Groups).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};

const METRIC = /\b(?:sluice|rocketmq|process|nodejs)_[a-z_]+\b/g;
/** Labels, not metrics, of what is scraped (templates/monitors.yaml). */
const LABELS = new Set(['sluice_instance', 'sluice_component']);

/** Names in quotes, in the code that exposes metrics. */
function exposed(): Set<string> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', [...args, 'broker', 'nameserver', 'operator', 'lib'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const text = paths
    .split('\n')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'));
  return new Set(text.join('\n').match(/(?<=')(?:sluice|rocketmq|process|nodejs)_[a-z_]+(?=')/g));
}

function metricsOf(expressions: readonly string[]): string[] {
  const names = expressions.flatMap((expression) => expression.match(METRIC) ?? []);
  return [...new Set(names)]
    .filter((name) => !LABELS.has(name))
    .map((name) => name.replace(/_bucket$/, ''))
    .sort();
}

test('alerts ask for metrics that exist', () => {
  const metrics = metricsOf(alerts.map(({ expr }) => expr));
  expect(metrics.length).toBeGreaterThan(10);
  expect(metrics.filter((name) => !exposed().has(name))).toEqual([]);
});

test('the dashboard asks for metrics that exist', () => {
  const expressions = dashboard.panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr),
  );
  const metrics = metricsOf(expressions);
  expect(metrics.length).toBeGreaterThan(20);
  expect(metrics.filter((name) => !exposed().has(name))).toEqual([]);
});

test('no two panels of the dashboard are in the same place', () => {
  const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(places.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});

test('every alert has a section in docs/operations.md, and no section is without one', () => {
  const docs = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
  const sections = [...docs.matchAll(/^### (Sluice\w+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(alerts.map(({ alert }) => alert));
});

test('every alert says how bad it is, and about what', () => {
  for (const { labels, annotations } of alerts) {
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/^[^\n]{20,}[^.]$/);
  }
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) process.stderr.write('SKIPPED: checking the alerts needs promtool on the path\n');

(hasPromtool ? test : test.skip)('Prometheus understands the alerts', () => {
  const said = execFileSync('promtool', ['check', 'rules', ALERTS], { encoding: 'utf8' });
  expect(said).toContain(`SUCCESS: ${alerts.length} rules found`);
});

describeWithHelm('prometheusRule', () => {
  test('every alert leads to its section', async () => {
    const prometheusRule = { enabled: true, runbookUrl: 'https://example.org/operations' };
    const { spec } = only(await rendered({ monitoring: { prometheusRule } }), 'PrometheusRule') as {
      spec?: unknown;
    };
    const rules = (spec as Groups).groups.flatMap((group) => group.rules);
    expect(rules.map(({ annotations }) => annotations.runbook_url)).toEqual(
      alerts.map(({ alert }) => `https://example.org/operations#${alert.toLowerCase()}`),
    );
    expect(rules.map(({ expr }) => expr)).toEqual(alerts.map(({ expr }) => expr));
  });
});

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const runbooks = 'docs/operations/runbooks';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { groups } = parseYaml(read('infra', 'observability', 'alerts.yaml')) as {
  groups: readonly { name: string; rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly refId: string; readonly expr: string }[];
  }[];
}

const folder = join(root, 'infra', 'observability', 'dashboards');
const dashboards = readdirSync(folder).map(
  (file) => [file, JSON.parse(read(folder.slice(root.length), file))] as const,
);

/** By metric, its type and its labels, as docs/operations/metrics.md lists them; another test holds that page to the processes. */
const metrics = new Map(
  [...read('docs', 'operations', 'metrics.md').matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*?) *\|/gm)].map(
    ([, name, type, labels]) => [
      name!,
      { type: type!, labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!) },
    ],
  ),
);

/** Labels of every sample: what the process says of itself, and what Prometheus adds. */
const everywhere = ['process', 'job', 'instance'];

/** The labels that a selected series has; nothing where no process serves it. */
function labelsOf(series: string): readonly string[] | undefined {
  if (series === 'up') return everywhere;
  const plain = metrics.get(series);
  if (plain && plain.type !== 'histogram') return [...plain.labels, ...everywhere];
  const [, base, suffix] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = base === undefined ? undefined : metrics.get(base);
  if (histogram?.type !== 'histogram') return undefined;
  return [...histogram.labels, ...everywhere, ...(suffix === 'bucket' ? ['le'] : [])];
}

/** What is wrong with a query: its syntax, or that it asks for what no process serves. */
function faultsOf(query: string): readonly string[] {
  // Grafana puts a duration in its place.
  const expression = query.replaceAll('$__rate_interval', '1m');
  const faults: string[] = [];
  const series: string[] = [];
  const labels: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to);
      if (type.isError) faults.push(`syntax at ${from} of ${expression}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') series.push(text);
      if (type.name === 'LabelName') labels.push(text);
    },
  });
  if (series.length === 0) faults.push(`${expression} asks for nothing`);
  for (const name of series) if (labelsOf(name) === undefined) faults.push(`${name} is served by no process`);
  const known = new Set(series.flatMap((name) => labelsOf(name) ?? []));
  for (const label of labels) if (!known.has(label)) faults.push(`${label} is a label of none of ${series.join(', ')}`);
  return faults;
}

describe('the check itself', () => {
  it.each([
    ['sum(rate(shelfmark_commands_total[5m]', 'syntax'],
    ['rate(shelfmark_comands_total[5m])', 'served by no process'],
    ['sum by (colour) (shelfmark_commands_total)', 'colour is a label of none'],
    ['shelfmark_commands_total{colour="red"}', 'colour is a label of none'],
    ['rate(shelfmark_command_duration_seconds[5m])', 'served by no process'],
    ['1 + 1', 'asks for nothing'],
  ])('finds fault with %s', (query, fault) => {
    expect(faultsOf(query).join()).toContain(fault);
  });
});

describe('the alert rules', () => {
  it('have the shape that Prometheus loads', () => {
    expect(groups.map(({ name }) => name)).toEqual(['shelfmark']);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) {
      expect(Object.keys(rule).sort()).toEqual(['alert', 'annotations', 'expr', 'for', 'labels']);
      expect(rule.alert).toMatch(/^[A-Z]\w+$/);
      expect(rule.for).toMatch(/^\d+[smh]$/);
      expect(['critical', 'warning']).toContain(rule.labels.severity);
      expect(Object.keys(rule.annotations).sort()).toEqual(['runbook', 'summary']);
    }
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))('ask for what processes serve: %s', (_, { expr }) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))('name in words what they have: %s', (_, rule) => {
    const { summary } = rule.annotations;
    const own = new Set([...rule.expr.matchAll(/\w+/g)].flatMap(([word]) => labelsOf(word) ?? []));
    const aggregated = /\bby \(([^)]*)\)/.exec(rule.expr)?.[1]?.split(', ');
    for (const [, label] of summary.matchAll(/\$labels\.(\w+)/g)) {
      expect(own).toContain(label);
      if (aggregated) expect(aggregated).toContain(label);
    }
  });
});

describe('the runbooks', () => {
  const pages = readdirSync(join(root, runbooks));

  it('are one for each alert, and no others', () => {
    const named = rules.map(({ annotations }) => annotations.runbook);
    expect(named.toSorted()).toEqual(pages.map((page) => `${runbooks}/${page}`).sort());
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    'say what %s means, where to look and what to do',
    (alert, rule) => {
      const page = read(rule.annotations.runbook);
      expect(page).toContain(`# ${alert}\n`);
      expect(page).toContain(`\`${rule.expr}\``);
      expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(['What it means', 'Look', 'Do']);
    },
  );

  it.each(pages)('tell commands, metrics and pages that exist: %s', (name) => {
    const page = read(runbooks, name);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of page.matchAll(/npm run (\S+?)[\s`]/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [word] of page.matchAll(/\bshelfmark_\w+/g)) expect(labelsOf(word) ?? metrics.get(word)).toBeDefined();
    for (const [, path] of page.matchAll(/\]\(([^)#]+)/g))
      expect(existsSync(join(root, runbooks, path!)), path).toBe(true);
  });
});

describe.each(dashboards)('the dashboard %s', (file, dashboard: Dashboard) => {
  it('is one that Grafana imports', () => {
    expect(`${dashboard.uid}.json`).toBe(file);
    expect(dashboard.title).not.toBe('');
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { datasource, targets } of dashboard.panels) {
      expect(datasource.uid).toBe('${datasource}');
      expect(targets.length).toBeGreaterThan(0);
    }
  });

  it.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(
    'asks for what processes serve: %s',
    (_, { targets }) => {
      expect(targets.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
    },
  );
});

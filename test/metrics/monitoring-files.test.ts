import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { answers, emptyAnswer, startClaude } from '../support/claude.ts';
import { onPostgres } from '../support/database.ts';
import { scrape } from '../support/scraping.ts';
import { commits, startVerifying } from '../support/verifying.ts';
import { call } from '../support/workers.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const textOf = (name: string) => readFileSync(pathOf(name), 'utf8');
const alertTests = fileURLToPath(new URL('alerts.test.yaml', import.meta.url));

const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const testsSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
});
const dashboardSchema = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
});

const rules = rulesSchema
  .parse(parse(textOf('monitoring/alerts.yaml')))
  .groups.flatMap((group) => group.rules);
const panels = dashboardSchema
  .parse(JSON.parse(textOf('monitoring/dashboard.json')))
  .panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** What two scrapes say of a service with a database, a Gitea, a Claude and work: one while it goes on, one after it. */
async function scrapes(): Promise<readonly [string, string]> {
  const { service, mine, ...scene } = await startVerifying({
    publishes: true,
    claude: await startClaude(answers(emptyAnswer)),
  });
  const usage = { contextUsed: 1_000, contextLimit: 200_000, spent: { tokens: 5_000, costUsd: 1 } };
  await call(service, 'worker-1', { held: mine, what: 'heartbeat', body: usage });
  const during = await (await scrape(service)).text();
  await scene.complete(mine, commits.work);
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  await scene.report(job);
  await service.idle();
  return [during, await (await scrape(service)).text()];
}

/** Names with their labels, of lines that have a value. */
function seriesOf(text: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(mosaic_\w+)(?:\{(.*)\})? /gm)) {
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

const histogramPart = /_(?:bucket|sum|count)$/;

/** Names that a row of the table in docs/monitoring.md is about; with `…` at the end, all that begin like that. */
function documented(): string[] {
  const rows = textOf('monitoring.md')
    .split('\n')
    .filter((line) => line.startsWith('| `mosaic_'));
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(mosaic_[\w…]+)`/g)].map(([, name = '']) => name),
  );
}

test('what rules, dashboard and docs name is what a scrape has, with its labels, and the docs name all of it', async () => {
  const series = seriesOf((await scrapes()).join(''));
  // Only PostgreSQL has a pool.
  if (!onPostgres) series.set('mosaic_database_connections', new Set(['state']));
  expect([...series.keys()].length).toBeGreaterThan(40);

  for (const expr of [...panels, ...rules.map((rule) => rule.expr)])
    for (const [, name = '', selector = ''] of expr.matchAll(/(mosaic_\w+)(?:\{([^}]*)\})?/g)) {
      const labels = series.get(name);
      expect(labels, `${name} of "${expr}"`).toBeDefined();
      for (const [, label] of selector.matchAll(/(\w+)[=!]/g)) expect(labels).toContain(label);
      for (const [, by = ''] of expr.matchAll(/ by \(([^)]*)\)/g))
        expect([...(labels ?? []), 'instance']).toEqual(
          expect.arrayContaining(by.split(',').map((label) => label.trim())),
        );
    }

  const names = documented();
  const metrics = new Set([...series.keys()].map((name) => name.replace(histogramPart, '')));
  const isDocumented = (metric: string) =>
    names.some((name) =>
      name.endsWith('…') ? metric.startsWith(name.slice(0, -1)) : name === metric,
    );
  expect([...metrics].filter((metric) => !isDocumented(metric))).toEqual([]);
  const isThere = (name: string) =>
    [...metrics].some((metric) =>
      name.endsWith('…') ? metric.startsWith(name.slice(0, -1)) : name === metric,
    );
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

test('every alert is tested both ways: that it fires, and that it does not', () => {
  const cases = testsSchema
    .parse(parse(readFileSync(alertTests, 'utf8')))
    .tests.flatMap((each) => each.alert_rule_test);
  for (const { alert } of rules) {
    const counts = cases
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: expected }) => expected.length);
    expect(counts, alert).toContain(0);
    expect(Math.max(...counts), alert).toBeGreaterThan(0);
  }
});

const isInstalled = spawnSync('promtool', ['--version']).status === 0;
const why = isInstalled ? '' : ' (skipped: promtool of Prometheus is not on the PATH)';

test.skipIf(!isInstalled)(`promtool takes the rules, their tests and a scrape${why}`, async () => {
  const promtool = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
    return { status, output: `${stdout}${stderr}` };
  };
  expect(promtool(['check', 'rules', pathOf('monitoring/alerts.yaml')])).toMatchObject({
    status: 0,
  });
  const tested = promtool(['test', 'rules', alertTests]);
  expect(tested.output).toContain('SUCCESS');
  expect(tested.status).toBe(0);
  expect(promtool(['check', 'metrics'], (await scrapes())[1])).toEqual({ status: 0, output: '' });
});

import { expect, test, vi } from 'vitest';
import { z } from 'zod';

import { checkTexts } from '../../../src/http/check-texts.ts';
import { signIn, visit } from '../../support/browser-like.ts';
import { statementIn } from '../../support/database.ts';
import { startService } from '../../support/service.ts';

const healthSchema = z.object({ checks: z.record(z.string(), z.unknown()) });

test('every check of /health is explained, and no other', async () => {
  const service = await startService();
  const { checks } = healthSchema.parse(await (await service.health()).json());
  expect(Object.keys(checkTexts).sort()).toEqual(Object.keys(checks).sort());
  const cookie = await signIn(service);
  const html = await (await visit(service, '/status', { headers: { cookie } })).text();
  for (const { title } of Object.values(checkTexts)) expect(html).toContain(title);
  expect(html).toContain('Everything works.');
  // Figures with their units, times as people read them.
  expect(html).toMatch(/<dt>Latency<\/dt><dd>\d+ ms<\/dd>/);
  expect(html).not.toMatch(/<dd>\d{4}-\d\d-\d\dT/);
  expect(html).toMatch(/Version \d+\.\d+\.\d+, running for/);
});

test('a check that fails is shown with its cause and its cure, and in the menu', async () => {
  const service = await startService({ expectAtEnd: { dead: 1 } });
  const lost = `insert into deliveries (id, status, event_name, body_hash, received_at, due_at, attempts, raw_size)
    values ('lost', 'dead', 'issues', '', 1, 1, 12, 0)`;
  await statementIn(service.directory, lost);
  const cookie = await signIn(service);
  const read = async () => (await visit(service, '/status', { headers: { cookie } })).text();
  expect(await read()).toContain('1 of 14 checks fails.');
  const html = await vi.waitFor(async () => {
    const text = await read();
    expect(text).toContain('title="1 check fails"');
    return text;
  });
  expect(html).toContain('<strong>Why: </strong>1 delivery was given up.');
  expect(html).not.toContain('Deliveries that were taken are handled.');
  expect(html).toContain('Look at the deliveries that were given up');
});

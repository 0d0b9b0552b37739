import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import {
  boundedLabels,
  boundedLogins,
  boundedTitle,
  isRepositoryName,
} from '../../src/issue/bounds.ts';
import { issueSchema } from '../../src/gitea/schemas.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';

const long = 'x'.repeat(100_000);

test('titles, labels and logins are cut, in length and in number', () => {
  expect(boundedTitle(long)).toHaveLength(1_020);
  expect(boundedTitle('An honest title')).toBe('An honest title');
  expect(boundedLabels([long, 'bug'])).toEqual(['x'.repeat(200), 'bug']);
  expect(boundedLogins([long])[0]).toHaveLength(100);
  const many = Array.from({ length: 100_000 }, (_, index) => `n${index}`);
  expect(boundedLabels(many)).toHaveLength(200);
  expect(boundedLogins(many)).toHaveLength(200);
});

test('what is cut is well formed, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 900, maxLength: 1_200 }), (text) => {
      const title = boundedTitle(text);
      expect(title.isWellFormed()).toBe(true);
      expect(title.length).toBeLessThanOrEqual(1_020);
    }),
  );
  expect(boundedTitle(`${'x'.repeat(1_019)}\u{1f600}`)).toBe(`${'x'.repeat(1_019)}\ufffd`);
});

test.each(['../..', './x', 'x/.', 'a/..', '../admin', 'a', 'a/b/c', 'a /b', `a/${long}`, '/', ''])(
  '"%s" is no name of a repository',
  (name) => {
    expect(isRepositoryName(name)).toBe(false);
  },
);

test.each(['acme/orbit', 'a/b', '.hidden/..x', 'a.b/c-d_e'])('"%s" is one', (name) => {
  expect(isRepositoryName(name)).toBe(true);
});

describe('M8: the bounds hold at both edges', () => {
  const large = {
    title: long,
    labels: [long, ...Array.from({ length: 1_000 }, (_, index) => `label-${index}`)],
    assignees: [long, ...Array.from({ length: 1_000 }, (_, index) => `user-${index}`)],
  };

  test('for a delivery', async () => {
    const service = await startService();
    expect(await service.send(signedRequest(issuePayload(large)))).toMatchObject({ status: 200 });
    await service.idle();
    const { json } = await service.api('/issues');
    expect(JSON.stringify(json).length).toBeLessThan(100_000);
    expect((await service.plan('acme/orbit#5'))?.title).toHaveLength(1_020);
  });

  test('for an answer of the API', () => {
    const payload = z.object({ issue: z.looseObject({}) }).parse(issuePayload(large));
    const issue = issueSchema.parse({
      ...payload.issue,
      repository: { id: 3, full_name: 'acme/orbit' },
    });
    expect(issue.title).toHaveLength(1_020);
    expect(issue.labels).toHaveLength(200);
    expect(issue.assignees).toHaveLength(200);
  });

  test.each(['../..', 'a/..', `acme/${'x'.repeat(300)}`])(
    'a delivery of the repository "%s" is refused',
    async (repository) => {
      const service = await startService();
      const request = signedRequest(issuePayload({ repository }));
      expect(await service.send(request)).toMatchObject({ status: 422 });
    },
  );
});

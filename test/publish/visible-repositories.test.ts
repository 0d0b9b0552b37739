import { expect, test } from 'vitest';

import type { PlanEdge } from '../../src/issue/plan.ts';
import type { Visibility } from '../../src/issue/repository-facts.ts';
import { findVisibleRepositories } from '../../src/publish/visible-repositories.ts';
import { openTestDatabase } from '../support/database.ts';
import { planOf } from './comment/ready-plan.ts';

type Stored = readonly [name: string, visibility: Visibility | null];

async function visible(stored: readonly Stored[], named: readonly string[]): Promise<string[]> {
  const { db } = await openTestDatabase();
  for (const [index, [full_name, visibility]] of stored.entries())
    await db
      .insertInto('repositories')
      .values({
        ...{ id: index + 1, full_name, lower_name: full_name.toLowerCase(), named_at: index },
        visibility,
      })
      .execute();
  const blockedBy = named.map((ref): PlanEdge => ({
    ...{ ref, state: 'open', source: 'declared', evidence: '' },
  }));
  return [...(await findVisibleRepositories(db, planOf({ blockedBy })))].sort();
}

test.each<
  [own: Visibility | null, other: Visibility | null, sameOwner: boolean, otherOwner: boolean]
>([
  ['public', 'public', true, true],
  ['public', 'limited', false, false],
  ['public', 'private', false, false],
  ['limited', 'public', true, true],
  ['limited', 'limited', true, false],
  ['limited', 'private', false, false],
  ['private', 'public', true, true],
  ['private', 'limited', true, false],
  ['private', 'private', true, false],
  ['private', null, false, false],
  ['public', null, false, false],
  [null, 'private', false, false],
  [null, 'public', true, true],
])(
  'from a %s repository, a %s one: same owner %s, another owner %s',
  async (own, other, same, others) => {
    const repositories = [
      ['acme/orbit', own],
      ['Acme/Vault', other],
      ['secret/vault', other],
    ] as const;
    const named = ['acme/vault#7', 'secret/vault#7', 'nobody/knows#1'];
    expect(await visible(repositories, named)).toEqual([
      'acme/orbit',
      ...(same ? ['acme/vault'] : []),
      ...(others ? ['secret/vault'] : []),
    ]);
  },
);

test('of two repositories that bear one name, as far as is known, the narrower one counts', async () => {
  const twice = [
    ['acme/orbit', 'public'],
    ['secret/vault', 'public'],
    ['Secret/Vault', 'private'],
  ] as const;
  expect(await visible(twice, ['secret/vault#7'])).toEqual(['acme/orbit']);
});

test('issues that only the reason or a warning names are looked up as well', async () => {
  const { db } = await openTestDatabase();
  for (const [id, name] of ['acme/orbit', 'acme/lib', 'acme/tools'].entries())
    await db
      .insertInto('repositories')
      .values({ id: id + 1, full_name: name, lower_name: name, named_at: 0, visibility: 'public' })
      .execute();
  const plan = planOf({
    reason: {
      code: 'cycle',
      params: { refs: ['acme/orbit#1', 'acme/lib#2'], more: 0, beside: false },
    },
    warnings: [{ code: 'contradiction', params: { refs: ['acme/tools#3'] } }],
  });
  expect([...(await findVisibleRepositories(db, plan))].sort()).toEqual([
    'acme/lib',
    'acme/orbit',
    'acme/tools',
  ]);
});

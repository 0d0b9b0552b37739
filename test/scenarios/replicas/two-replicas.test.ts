import { expect } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { testOfPostgres as test } from '../../support/database.ts';
import { audit, stageReplicas } from './stage-replicas.ts';

const issueCount = 16;

test(
  'two replicas share the deliveries, and each issue has one comment and one label',
  { timeout: 120_000 },
  async () => {
    const { gitea, services, db, settle, url } = await stageReplicas(2);
    const maria = gitea.as('maria');
    for (let number = 1; number <= issueCount; number += 1) {
      const blocker = number > 1 ? `Blocked by: #${number - 1}\n` : '';
      maria.openIssue('acme/orbit', { title: `Issue ${number}`, body: `${blocker}Small.` });
      maria.assign(`acme/orbit#${number}`, giteaBot);
    }
    for (let number = 1; number <= issueCount; number += 4) maria.close(`acme/orbit#${number}`);
    await settle();

    const refused = gitea.delivered.filter(({ status }) => status !== 200);
    expect(refused).toEqual([]);
    for (let number = 1; number <= issueCount; number += 1) {
      const ref = `acme/orbit#${number}`;
      const labels = gitea.labelsOf(ref).filter((name) => name.startsWith('coordinator/'));
      const comments = gitea.commentsOf(ref).length;
      // One that was closed before anybody looked gets none.
      if (number % 4 === 1) expect([0, 1]).toContain(comments);
      else expect([ref, comments, labels.length]).toEqual([ref, 1, 1]);
    }
    const states = await db.selectFrom('issues').select('state').orderBy('number').execute();
    expect(states.slice(0, 5).map(({ state }) => state)).toEqual([
      'done',
      'ready',
      'blocked',
      'blocked',
      'done',
    ]);
    // Both took deliveries, and both handled issues.
    for (const { logs } of services) {
      expect(logs.filter(({ msg }) => msg === 'issue handled').length).toBeGreaterThan(0);
      expect(logs.filter(({ msg }) => msg?.includes('delivery')).length).toBeGreaterThan(0);
    }
    await audit(url);
  },
);

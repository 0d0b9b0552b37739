import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import {
  answers,
  emptyAnswer,
  fails,
  startClaude,
  type ClaudeScript,
} from '../../support/claude.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService, type Service } from '../../support/service.ts';

/** What a model says of these texts; of all others nothing. */
const model: ClaudeScript = (call, response) => {
  const text = call.messages[0]?.content ?? '';
  const says = (ref: string, relation: string) =>
    answers({ ...emptyAnswer, relations: [{ ref, sentences: [2], relation }] });
  if (text.includes('can sit')) says('#7', 'blocks')(call, response);
  else if (text.includes('Pointless')) says('#8', 'blocked_by')(call, response);
  else answers(emptyAnswer)(call, response);
};

const texts = [
  [5, '#7 can sit where it is.'],
  [6, 'Pointless until #8 exists.\n\nNot blocked by #8.'],
  [7, 'Nothing.'],
  [8, 'Nothing.'],
  [9, '#8 can sit where it is.'],
] as const;

/**
 * A database as the version before the standings left it: what Claude alone says blocks in both directions, whatever
 * a person says, and no reading tells what a person denies.
 */
async function databaseOfBefore(): Promise<string> {
  const service = await startService({ claude: await startClaude(model) });
  for (const [number, body] of texts) {
    const payload = issuePayload({ number, title: `Issue ${number}`, body });
    expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
  }
  await service.idle();
  await service.close();
  const database = new DatabaseSync(join(service.directory, 'coordinator.db'));
  database.exec(`
    drop table proposals;
    drop table sessions; drop table told; drop table notices; drop table notify_targets;
    drop index claims_ended;
    alter table publications drop column comment_at; alter table publications drop column label_at;
    alter table pull_requests drop column opened_at; alter table pull_requests drop column ended_at;
    delete from kysely_migration where name >= '009';
    delete from model_answers;
    update issues set reading = json_remove(reading, '$.denied', '$.dependencies[0].standing');
    update issues set state = 'blocked', reason_code = 'open_blockers', reason_params = '{"refs":["acme/orbit#1"],"more":0}',
      ready_at = null, queue_key = null where number in (6, 7);`);
  const edge =
    database.prepare(`insert into edges (declared_repository_id, declared_number, blocked_repository_id,
    blocked_number, blocker_repository_id, blocker_number, source, evidence)
    select repository_id, ?, repository_id, ?, repository_id, ?, 'model', 'words' from issues where number = 5`);
  edge.run(5, 7, 5);
  edge.run(6, 6, 8);
  database.close();
  return service.directory;
}

async function shown(service: Service, number: number) {
  const plan = await service.plan(`acme/orbit#${number}`);
  return [plan?.state, plan?.blockedBy.length, plan?.['proposals']];
}

test('what Claude alone said before there were standings is read again at the first start', async () => {
  const directory = await databaseOfBefore();
  const claude = await startClaude(model);
  const service = await startService({ directory, claude });
  await service.idle();
  const proposal = { standing: 'proposed', readIn: 'acme/orbit#5' };
  expect(await shown(service, 7)).toMatchObject(['ready', 0, [proposal]]);
  expect(await shown(service, 5)).toMatchObject(['ready', 0, [proposal]]);
  expect(await shown(service, 6)).toEqual(['ready', 0, []]);
  const handled = service.logs.filter(({ msg }) => msg === 'issue handled');
  expect(handled.map(({ issue }) => issue).toSorted()).toEqual([5, 6, 7]);
  await service.close();
  const again = await startService({ directory, claude });
  await again.idle();
  expect(again.logs.filter(({ msg }) => msg === 'issue handled')).toEqual([]);
});

test('it blocks nothing either while Claude does not answer', async () => {
  const directory = await databaseOfBefore();
  const service = await startService({ directory, claude: await startClaude(fails(529)) });
  await service.idle();
  expect(await shown(service, 7)).toEqual(['ready', 0, []]);
  expect(await shown(service, 6)).toEqual(['ready', 0, []]);
});

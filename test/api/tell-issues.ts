import { expect } from 'vitest';

import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import type { Service } from '../support/service.ts';

const bot = ['coordinator-bot'];

/** Sends an event about each of the issues, which the bot is assigned to by default. */
export async function tellIssues(service: Service, ...issues: PayloadChanges[]): Promise<void> {
  for (const changes of issues) {
    const payload = issuePayload({ assignees: bot, body: '', ...changes });
    expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
    await service.idle();
  }
}

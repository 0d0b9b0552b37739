import { z } from 'zod';

import type { Service } from '../../support/service.ts';

export const minute = 60_000;

export async function publishCheck(service: Service) {
  const reply = await service.health();
  const schema = z.object({ status: z.string(), checks: z.looseObject({ publish: z.unknown() }) });
  const { status, checks } = schema.parse(await reply.json());
  return { status, publish: checks.publish };
}

export const isComment = (method: string, path: string) =>
  method === 'POST' && path.endsWith('/comments');

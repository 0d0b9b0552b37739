import { randomUUID } from 'node:crypto';

import { messageTo, type MessageDeps, type NotifyTarget } from './messages.ts';
import { send } from './send.ts';

/** Sends a trial to a target. Resolves with why it was not taken; undefined: it was. */
export async function sendTrial(
  target: NotifyTarget,
  deps: MessageDeps,
  signal: AbortSignal,
): Promise<string | undefined> {
  const notice = {
    ...{ seq: 0, kind: 'trial' as const, ref: null, title: null, at: deps.now() },
    sentence: 'This is a trial: the doctor of Mosaic Coordinator can reach you.',
  };
  const digest = { id: `msg_${randomUUID()}`, notices: [notice], more: 0 };
  const failure = await send(messageTo(target, digest, deps), { signal, now: deps.now });
  return failure?.reason;
}

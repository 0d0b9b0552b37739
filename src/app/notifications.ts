import { findDead } from '../inbox/delivery-views.ts';
import type { ServiceTrouble } from '../notify/facts.ts';
import { createNotifier, type Notifier } from '../notify/notifier.ts';
import type { Parts } from './parts.ts';

type NotifyParts = Pick<
  Parts,
  'config' | 'db' | 'writes' | 'webhookCheck' | 'engine' | 'now' | 'random' | 'log'
>;

/** What tells people outside of Gitea; undefined without NOTIFY_URL. */
export function createNotifications(parts: NotifyParts): Notifier | undefined {
  const { config, webhookCheck, engine } = parts;
  const { targets, secret } = config.notify;
  if (targets.length === 0) return undefined;

  async function trouble(): Promise<ServiceTrouble[]> {
    const { cause, cure } = await webhookCheck.check();
    const dead = await findDead(parts.db, maxDead);
    return [
      // Its figures and times change while the trouble stays the same.
      ...(typeof cause === 'string' && typeof cure === 'string'
        ? [
            {
              kind: 'webhook' as const,
              keys: [cause.replaceAll(/\d+/g, '')],
              sentence: `${cause} ${cure}`,
            },
          ]
        : []),
      ...(dead.length === 0
        ? []
        : [{ kind: 'deliveries' as const, keys: dead, sentence: givenUp }]),
    ];
  }

  const { publicUrl, giteaUrl, agents, pullRequests } = config;
  const { db, writes, now, random, log } = parts;
  return createNotifier({
    ...{ db, writes, now, random, log, targets, secret, publicUrl, giteaUrl, agents, trouble },
    pullRequests,
    isLeader: engine.replica.isLeader,
  });
}

/** Deliveries given up that are told apart. */
const maxDead = 1_000;

const givenUp =
  'Deliveries were given up after their last attempt. Each says why, and can be replayed: on the page Deliveries, or by deliveries list --status dead.';

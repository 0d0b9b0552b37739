import { findNewestDead } from '../inbox/delivery-views.ts';
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
    const newestDead = await findNewestDead(parts.db);
    return [
      // Its figures and times change while the trouble stays the same.
      ...(typeof cause === 'string' && typeof cure === 'string'
        ? [
            {
              kind: 'webhook' as const,
              key: cause.replaceAll(/\d+/g, ''),
              sentence: `${cause} ${cure}`,
            },
          ]
        : []),
      ...(newestDead === undefined
        ? []
        : [{ kind: 'deliveries' as const, key: newestDead, sentence: givenUp }]),
    ];
  }

  const { publicUrl, giteaUrl, agents } = config;
  const { db, writes, now, random, log } = parts;
  return createNotifier({
    ...{ db, writes, now, random, log, targets, secret, publicUrl, giteaUrl, agents, trouble },
    isLeader: engine.replica.isLeader,
  });
}

const givenUp =
  'Deliveries were given up after their last attempt. Run deliveries list --status dead: each says why, and can be replayed.';

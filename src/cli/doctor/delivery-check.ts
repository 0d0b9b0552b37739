import { setTimeout as sleep } from 'node:timers/promises';

import { broken, hint, ok, resultOf, skipped, warning } from './finding.ts';
import type { CheckResult, DoctorFinding, Outcome } from './finding.ts';
import type { HookExpectation, OwnedHook } from './classify-hooks.ts';
import { hostListCure, shownUrl } from './hook-rules.ts';
import type { Probe, ProbeTarget } from './probe.ts';
import type { WebhookCounts } from './service.ts';

interface DeliveryCheckDeps {
  readonly targets: readonly ProbeTarget[];
  readonly probes: (target: ProbeTarget, signal: AbortSignal) => Promise<readonly Probe[]>;
  /** The service's counts; undefined when it does not answer. */
  readonly counts: (signal: AbortSignal) => Promise<WebhookCounts | undefined>;
  readonly expected: HookExpectation;
  readonly pollMs: number;
  /** Longest wait for all deliveries together. */
  readonly patienceMs: number;
}

/** Deliveries that arrived during a probe. */
interface DeliveryCounts {
  readonly authentic: number;
  readonly wrongSignature: number;
  readonly form: number;
  readonly otherwiseRefused: number;
  readonly afterMs: number;
}

/** Timeout of one probe; a first delivery after a pause takes up to 3.3 s. */
const patienceForOneMs = 5_000;

/** Makes Gitea send a webhook of each target, and checks that the service receives it. */
export async function checkDelivery(
  deps: DeliveryCheckDeps,
  signal: AbortSignal,
): Promise<CheckResult<boolean>> {
  const findings: DoctorFinding[] = [];
  const startedAt = performance.now();
  let arrivals = 0;
  for (const target of deps.targets) {
    const probes = await deps.probes(target, signal);
    if (probes.length === 0) continue;
    const left = deps.patienceMs - (performance.now() - startedAt);
    if (left <= 0) break;
    const alone = deps.targets.length * probes.length === 1;
    const each = alone ? left : Math.min(left, patienceForOneMs, deps.patienceMs / 2);
    const { words, counted } = await runProbes(deps, probes, each, signal);
    if (counted === undefined) continue;
    if (counted.authentic > 0) arrivals += 1;
    const name = `delivery ${target.repository.name}`;
    findings.push({ name, ...describe(counted, words, target, deps.expected) });
  }
  if (findings.length === 0)
    return resultOf('delivery', describeUnprobed(await deps.counts(signal)));
  return { findings, value: arrivals > 0 };
}

async function runProbes(
  deps: DeliveryCheckDeps,
  probes: readonly Probe[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<{ words: string; counted: DeliveryCounts | undefined }> {
  let words = '';
  let counted: DeliveryCounts | undefined;
  for (const probe of probes) {
    const before = await deps.counts(signal);
    if (before === undefined || !(await probe.run(signal))) continue;
    words = probe.words;
    counted = await awaitDelivery(deps, before, patienceMs, signal);
    if (total(counted) > 0) break;
  }
  return { words, counted };
}

/** Waits for a delivery, and polls once more: two hooks send right after each other. */
async function awaitDelivery(
  { counts, pollMs }: DeliveryCheckDeps,
  before: WebhookCounts,
  patienceMs: number,
  signal: AbortSignal,
): Promise<DeliveryCounts> {
  const startedAt = performance.now();
  let counted = difference(before, before, 0);
  do {
    const seen = total(counted);
    await sleep(pollMs, undefined, { signal });
    const afterMs = performance.now() - startedAt;
    const now = await counts(signal);
    if (now !== undefined) counted = difference(before, now, seen > 0 ? counted.afterMs : afterMs);
    if (seen > 0) break;
  } while (performance.now() - startedAt < patienceMs);
  return counted;
}

function total({ authentic, wrongSignature, form, otherwiseRefused }: DeliveryCounts): number {
  return authentic + wrongSignature + form + otherwiseRefused;
}

function difference(before: WebhookCounts, now: WebhookCounts, afterMs: number): DeliveryCounts {
  return {
    authentic: authenticIn(now) - authenticIn(before),
    wrongSignature: now.refusedSignature - before.refusedSignature,
    form: now.refusedContentType - before.refusedContentType,
    otherwiseRefused: now.refusedOther - before.refusedOther,
    afterMs,
  };
}

function authenticIn({ accepted, duplicate, ignored, rejected }: WebhookCounts): number {
  return accepted + duplicate + ignored + rejected;
}

function describe(
  counted: DeliveryCounts,
  words: string,
  { repository, hooks }: ProbeTarget,
  expected: HookExpectation,
): Outcome {
  const { authentic, wrongSignature, form, otherwiseRefused, afterMs } = counted;
  const also = authentic > 0 ? 'One delivery was accepted, but another' : 'The delivery';
  const owner = hooks?.[0]?.owner ?? repository.name;
  const whose = owner.includes('/') ? `--repo ${owner}` : `--org ${owner}`;
  const setup = `mosaic-coordinator setup ${whose} --url ${hookUrl(hooks, expected) ?? 'URL'}`;
  if (wrongSignature > 0)
    return broken(
      `${also} was refused for its signature (401): the secret of the webhook is not GITEA_WEBHOOK_SECRET.`,
      `Set Secret of the webhook in Gitea to the value of GITEA_WEBHOOK_SECRET, or run:\n    ${setup} --new-secret`,
    );
  if (form > 0)
    return broken(
      `${also} was refused (415): the webhook sends forms instead of JSON.`,
      `Set POST Content Type of the webhook to application/json, or run:\n    ${setup}`,
    );
  if (otherwiseRefused > 0)
    return broken(
      `${also} was refused before its signature was checked.`,
      'Set HTTP Method of the webhook to POST. The log of the service names the refused request.',
    );
  if (authentic > 0)
    return ok(
      `A delivery arrived after ${(afterMs / 1_000).toFixed(1)} s with a valid signature (triggered ${words}).`,
    );
  return silent(hooks, expected, setup);
}

function silent(hooks: ProbeTarget['hooks'], expected: HookExpectation, setup: string): Outcome {
  const url = hookUrl(hooks, expected);
  const [first] = hooks ?? [];
  if (first !== undefined)
    return broken(
      `No delivery arrived, although the webhook exists: Gitea cannot reach ${shownUrl(first.hook.url)}. The most likely cause is ALLOWED_HOST_LIST of Gitea.`,
      hostListCure(url, `webhook ${first.hook.id} of ${first.owner}`),
    );
  return broken(
    'No delivery arrived. The webhook is missing, not active, does not send label events, or sends elsewhere, or Gitea is not allowed to call this machine (ALLOWED_HOST_LIST).',
    `Run the doctor with --token-file to check the webhook, or create it:\n    ${setup}\nIf it exists and is right:\n${hostListCure(url)}`,
  );
}

function hookUrl(
  hooks: readonly OwnedHook[] | undefined,
  { url }: HookExpectation,
): string | undefined {
  const found = url ?? hooks?.[0]?.hook.url;
  return found === undefined ? undefined : shownUrl(found);
}

const probeCure =
  'Open an issue in a repository of the bot, create a label that the issue does not have (setup --repo creates some), and run the doctor again.';

/** Without a probe, the deliveries that arrived by themselves are the only evidence. */
function describeUnprobed(counts: WebhookCounts | undefined): Outcome {
  if (counts === undefined)
    return skipped('The service does not report the deliveries that arrived.');
  const { lastAuthenticAt, lastRefusedAt } = counts;
  if (lastRefusedAt !== null && (lastAuthenticAt ?? '') < lastRefusedAt)
    return warning(
      `No delivery was triggered. The last one that arrived was refused, at ${lastRefusedAt} (invalid signatures since the start: ${counts.refusedSignature}).`,
      'Compare the secret of the webhook with GITEA_WEBHOOK_SECRET, and its content type with application/json.',
    );
  if (lastAuthenticAt !== null)
    return hint(
      `No delivery was triggered. The last one arrived at ${lastAuthenticAt} with a valid signature; that does not prove that deliveries arrive now.`,
      probeCure,
    );
  return hint(
    'No delivery was triggered (that needs an issue and a label), and none has arrived since the start.',
    probeCure,
  );
}

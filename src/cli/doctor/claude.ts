import { checkModel, type ModelCheck } from '../../claude/client.ts';
import type { Config, ExaminedConfig } from '../../config.ts';
import { broken, ok, resultOf, skipped, warning } from './finding.ts';
import type { CheckResult, Outcome } from './finding.ts';

/** Checks that Claude can be reached, accepts the key and has both models; this costs nothing. */
export async function checkClaude(
  { claude, issueReader }: ExaminedConfig,
  signal: AbortSignal,
): Promise<CheckResult<never>> {
  if (issueReader === 'offline')
    return resultOf('claude', ok('Not used: ISSUE_READER is offline.'));
  if (claude === undefined)
    return resultOf('claude', skipped('Its variables are invalid; see configuration.'));
  const { model, fallbackModel } = claude;
  const models = [...new Set([model, fallbackModel])];
  const checks = await Promise.all(
    models.map((id) => checkModel({ ...claude, model: id }, signal)),
  );
  const [first, second] = checks;
  if (first === undefined) return { findings: [] };
  const main = { name: 'claude', ...describe(first, model, 'CLAUDE_MODEL', claude) };
  // An error that concerns the first model concerns the second, too.
  if (second === undefined || (second.kind === first.kind && first.kind !== 'unknown_model'))
    return { findings: [main] };
  const found = describe(second, fallbackModel, 'CLAUDE_FALLBACK_MODEL', claude);
  const mark = found.mark === 'broken' ? 'warning' : found.mark;
  return { findings: [main, { name: 'claude fallback', ...found, mark }] };
}

function describe(
  { kind, cause }: ModelCheck,
  model: string,
  variable: string,
  { baseUrl }: NonNullable<Config['claude']>,
): Outcome {
  const detail = cause === undefined ? '' : ` (${cause})`;
  switch (kind) {
    case 'known':
      return ok(`The key is accepted, and the model ${model} exists.`);
    case 'unknown_model':
      return broken(
        `The key is accepted, but there is no model ${model}.`,
        `Correct ${variable}, or unset it.`,
      );
    case 'auth':
      return broken(
        `The key is refused${detail}.`,
        'Put a valid key with credit into ANTHROPIC_API_KEY, or set ISSUE_READER=offline.',
      );
    case 'rate_limited':
      return warning(
        `The key has reached its rate limit, so ${model} could not be checked.`,
        'Run the doctor again in a minute. If this repeats, raise the limits of the key.',
      );
    case 'unavailable':
    case 'timeout':
      return warning(
        `Claude does not answer${detail}; until it does, issues are read offline.`,
        `Check the connection to ${baseUrl ?? 'api.anthropic.com'}: a proxy, a firewall, or ANTHROPIC_BASE_URL.`,
      );
    case 'invalid':
      return broken(
        `The server that answers does not speak the API of Claude${detail}.`,
        'Correct ANTHROPIC_BASE_URL, or unset it.',
      );
  }
}

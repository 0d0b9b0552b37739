import { checkModel, type ModelCheck } from '../../claude/client.ts';
import type { Config, ExaminedConfig } from '../../config.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

type ClaudeConfig = NonNullable<Config['claude']>;

/** Whether Claude can be reached, takes the key, and knows both models; costs nothing. */
export async function checkClaude(
  { claude, issueReader }: ExaminedConfig,
  signal: AbortSignal,
): Promise<CheckResult<undefined>> {
  const done = (...findings: DoctorFinding[]) => ({ findings, value: undefined });
  if (issueReader === 'offline')
    return done({ name: 'claude', mark: 'ok', text: 'Not used: ISSUE_READER is offline.' });
  if (claude === undefined)
    return done({
      name: 'claude',
      mark: 'skipped',
      text: 'Its variables are wrong; see configuration.',
    });
  const { model, fallbackModel } = claude;
  const models = [...new Set([model, fallbackModel])];
  const checks = await Promise.all(
    models.map((id) => checkModel({ ...claude, model: id }, signal)),
  );
  const [first, second] = checks;
  if (first === undefined) return done();
  const main = { name: 'claude', ...describe(first, model, 'CLAUDE_MODEL', claude) };
  // What keeps the first from being asked about keeps the second, too.
  if (second === undefined || (second.kind === first.kind && first.kind !== 'unknown_model'))
    return done(main);
  const found = describe(second, fallbackModel, 'CLAUDE_FALLBACK_MODEL', claude);
  const mark = found.mark === 'broken' ? 'warning' : found.mark;
  return done(main, { name: 'claude fallback', ...found, mark });
}

function describe(
  { kind, cause }: ModelCheck,
  model: string,
  variable: string,
  { baseUrl }: ClaudeConfig,
): Omit<DoctorFinding, 'name'> {
  const detail = cause === undefined ? '' : ` (${cause})`;
  switch (kind) {
    case 'known':
      return { mark: 'ok', text: `The key is accepted, and ${model} is known.` };
    case 'unknown_model':
      return {
        mark: 'broken',
        text: `The key is accepted, but there is no model ${model}.`,
        cure: `Correct ${variable}, or leave it out.`,
      };
    case 'auth':
      return {
        mark: 'broken',
        text: `The key is refused${detail}.`,
        cure: 'Put a valid key with credit into ANTHROPIC_API_KEY, or set ISSUE_READER=offline.',
      };
    case 'rate_limited':
      return {
        mark: 'warning',
        text: `The key has used up its rate for now, so ${model} could not be looked at.`,
        cure: 'Run the doctor again in a minute; if it stays so, raise the limits of the key.',
      };
    case 'unavailable':
    case 'timeout':
      return {
        mark: 'warning',
        text: `Claude does not answer${detail}; issues are read offline meanwhile.`,
        cure: `Look at the way to ${baseUrl ?? 'api.anthropic.com'}: a proxy, a firewall, or ANTHROPIC_BASE_URL.`,
      };
    case 'invalid':
      return {
        mark: 'broken',
        text: `What answers does not speak the API of Claude${detail}.`,
        cure: 'Correct ANTHROPIC_BASE_URL, or leave it out.',
      };
  }
}

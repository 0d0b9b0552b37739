import type { Command } from 'commander';
import { z } from 'zod';

import { examineConfig } from '../../config.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { doctorExitCodes, verdictOf, withDocsPage, type DoctorFinding } from '../doctor/finding.ts';
import { renderFinding, renderVerdict } from '../doctor/render-finding.ts';
import { widthOf, type Io } from '../io.ts';
import { conceal, hookUrlOption, parseOptions, readToken, repositoryOption } from '../options.ts';
import { painter, printJson } from '../output.ts';

const optionsSchema = z.object({
  tokenFile: z.string().optional(),
  url: hookUrlOption.optional(),
  repo: repositoryOption.optional(),
  probe: z.boolean().default(true),
  json: z.boolean().default(false),
});

const help = `
The doctor changes nothing. To check that a webhook arrives, it removes a label from an issue that does
not have it: a no-op for which Gitea still sends a webhook. --no-probe skips that.

Exit codes:
  0  everything is right
  1  there are warnings
  2  something is broken, or the command line is invalid`;

/** Clock and waits, which tests shorten. */
export interface DoctorPace {
  readonly now?: () => number;
  readonly pollMs?: number;
  readonly patienceMs?: number;
}

/** `doctor`; `end` gets the exit code. */
export function addDoctorCommand(
  program: Command,
  io: Io,
  { end, ...pace }: DoctorPace & { readonly end: (exitCode: number) => void },
): void {
  program
    .command('doctor')
    .description('check the whole set-up and say how to fix each problem')
    .option(
      '--token-file <file>',
      'token of a repository administrator, to check the webhooks (- for stdin)',
    )
    .option('--url <url>', "the coordinator's own URL, as the webhooks must have it")
    .option('--repo <owner/name>', 'check this repository only')
    .option('--no-probe', 'do not make Gitea send a webhook')
    .option('--json', 'the findings as JSON')
    .addHelpText('after', help)
    .action(async (options: unknown) => end(await doctor(io, options, pace)));
}

const defaultPace = { now: Date.now, pollMs: 300, patienceMs: 15_000 };

/** Prints every finding; resolves to the exit code. */
export async function doctor(io: Io, rawOptions: unknown, pace: DoctorPace = {}): Promise<number> {
  const options = parseOptions(optionsSchema, rawOptions);
  const environment = io.environment();
  const config = examineConfig(environment);
  const adminToken = await readToken(options.tokenFile);
  const hideSecrets = conceal([...config.secrets, adminToken ?? '']);
  const style = { width: widthOf(io.stdout), paint: painter(io, io.stdout) };
  const findings: DoctorFinding[] = [];
  await diagnose(
    {
      config,
      agentsFile: (environment['AGENTS_FILE'] ?? '') !== '',
      adminToken,
      url: options.url,
      repository: options.repo,
      probe: options.probe,
      ...defaultPace,
      ...pace,
      signal: io.signal ?? new AbortController().signal,
    },
    (found) => {
      const { text, cure, ...about } = withDocsPage(found);
      const shownCure = cure === undefined ? undefined : hideSecrets(cure);
      const finding = { ...about, text: hideSecrets(text), cure: shownCure };
      findings.push(finding);
      if (!options.json) io.stdout.write(`${renderFinding(finding, style)}\n`);
    },
  );
  const verdict = verdictOf(findings);
  if (options.json) printJson(io, { verdict, findings: findings.map(jsonOf) });
  else io.stdout.write(`\n${renderVerdict(findings, style)}\n`);
  return doctorExitCodes[verdict];
}

function jsonOf({ name, mark, text, cure }: DoctorFinding) {
  return { name, mark, text, cure: cure ?? null };
}

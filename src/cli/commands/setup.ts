import type { Command } from 'commander';
import { z } from 'zod';

import { createGitea, type Gitea } from '../../gitea/client.ts';
import { examineConfig, loadSetupConfig } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { conceal, hookUrlOption, parseOptions, readToken, repositoryOption } from '../options.ts';
import { printable } from '../output.ts';
import { unlessRefused } from '../doctor/check.ts';
import { askedEvents, neededEvents } from '../doctor/hook-rules.ts';
import { setUpHook, type SetupResult } from '../setup/hook.ts';
import { setUpLabels } from '../setup/labels.ts';
import { setUpVerdict } from '../setup/verdict.ts';

const optionsSchema = z
  .object({
    repo: repositoryOption.optional(),
    org: z
      .string()
      .regex(/^[\w.-]+$/, '--org must be the name of an organisation')
      .optional(),
    url: hookUrlOption,
    tokenFile: z.string().optional(),
    newSecret: z.boolean().default(false),
    requireVerdict: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  })
  .refine(({ repo, org }) => (repo === undefined) !== (org === undefined), {
    message: 'Give either --repo owner/name or --org name',
  });

const help = `
setup changes only what is missing or wrong, so it can be run again. The webhook gets GITEA_WEBHOOK_SECRET.
A repository gets the labels of the states, one for each enabled agent (agent:NAME), which people set to
choose it, and those of HOLD_LABELS. A label that exists stays as it is. The head of its default branch gets a
pending status of each usual gate and of coordinator/verdict, so that rules of branches can name them.

Exit codes:
  0  done, or nothing to do
  1  something is left to do by hand: the text says what
  2  the configuration or the command line is invalid`;

/** `setup`; `end` gets the exit code. */
export function addSetupCommand(program: Command, io: Io, end: (exitCode: number) => void): void {
  program
    .command('setup')
    .description(
      'create the webhook, and the labels of a repository, or list the steps to do it by hand',
    )
    .option('--repo <owner/name>', 'a repository')
    .option('--org <name>', 'an organisation: one hook for all its repositories')
    .requiredOption(
      '--url <url>',
      'URL of the coordinator, as Gitea reaches it: http://HOST:8000/webhook/gitea',
    )
    .option('--token-file <file>', 'token of an administrator (- for stdin; default: GITEA_TOKEN)')
    .option('--new-secret', 'replace the webhook by one with the current secret')
    .option(
      '--require-verdict',
      'let nothing be merged into the default branch that was not verified',
    )
    .option('--dry-run', 'print what would be done, and do nothing')
    .addHelpText('after', help)
    .action(async (options: unknown) => end(await setup(io, options)));
}

/** Sets up what the token has the right to, and prints the rest; resolves to the exit code. */
export async function setup(io: Io, rawOptions: unknown): Promise<number> {
  const options = parseOptions(optionsSchema, rawOptions);
  const environment = io.environment();
  const config = loadSetupConfig(environment);
  const adminToken = await readToken(options.tokenFile);
  const token = adminToken ?? config.giteaToken;
  if (token === undefined)
    throw new ConfigError('usage', 'Use --token-file FILE, or set GITEA_TOKEN.');
  const hideSecrets = conceal([token, ...examineConfig(environment).secrets]);
  const open = (as: string): Gitea =>
    createGitea({ baseUrl: config.giteaUrl, token: as, now: Date.now });
  const clients = { hooks: open(token), labels: open(config.giteaToken ?? token) };
  const signal = io.signal ?? new AbortController().signal;
  const { repo, org, url, newSecret, requireVerdict, dryRun } = options;
  const print = ({ lines }: SetupResult) => {
    for (const line of lines) io.stdout.write(`${printable(hideSecrets(line))}\n`);
  };
  try {
    const refusal = () => undefined;
    const version = await unlessRefused(clients.hooks.getVersion(signal), refusal);
    const hook = await setUpHook(
      {
        gitea: clients.hooks,
        ...{ events: neededEvents(version), asked: askedEvents(version) },
        giteaUrl: config.giteaUrl,
        owner: repo === undefined ? { organization: org ?? '' } : { repository: repo },
        url,
        secret: config.webhookSecret,
        newSecret,
        dryRun,
      },
      signal,
    );
    print(hook);
    if (repo === undefined) return hook.left ? 1 : 0;
    const agents = config.agents.filter(({ enabled }) => enabled).map(({ name }) => name);
    const labels = await setUpLabels(
      {
        ...{ gitea: clients.labels, repository: repo, agents, dryRun },
        holdLabels: config.holdLabels,
      },
      signal,
    );
    print(labels);
    const verdict = await setUpVerdict(
      {
        ...{ gitea: clients.hooks, giteaUrl: config.giteaUrl, repository: repo },
        ...{ require: requireVerdict, dryRun },
      },
      signal,
    );
    print(verdict);
    return hook.left || labels.left || verdict.left ? 1 : 0;
  } catch (error) {
    // Without the cause, which contains the text again.
    if (error instanceof CoordinatorError)
      throw new CoordinatorError(error.code, hideSecrets(error.message));
    throw error;
  } finally {
    await Promise.all([clients.hooks.close(), clients.labels.close()]);
  }
}

import type { Command } from 'commander';
import { z } from 'zod';

import { createGitea, type Gitea } from '../../gitea/client.ts';
import { examineConfig, loadSetupConfig } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import { conceal, hookUrlOption, readToken, repositoryOption } from '../gitea-options.ts';
import type { Io } from '../io.ts';
import { parseOptions } from '../list-options.ts';
import { printable } from '../output.ts';
import { setUpHook, type SetupResult } from '../setup/hook.ts';
import { setUpLabels } from '../setup/labels.ts';

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
    dryRun: z.boolean().default(false),
  })
  .refine(({ repo, org }) => (repo === undefined) !== (org === undefined), {
    message: 'Give either --repo owner/name or --org name',
  });

const help = `
What is right already is left alone, so this can be run again. The hook gets GITEA_WEBHOOK_SECRET.

Exit codes:
  0  done, or nothing to do
  1  something is left to be done by hand: the text says what
  2  the configuration or the command line is wrong`;

/** `setup`; `end` is told the exit code. */
export function addSetupCommand(program: Command, io: Io, end: (exitCode: number) => void): void {
  program
    .command('setup')
    .description('make the webhook, and the labels of a repository, or say what to click')
    .option('--repo <owner/name>', 'a repository')
    .option('--org <name>', 'an organisation: one hook for all its repositories')
    .requiredOption(
      '--url <url>',
      'the coordinator as Gitea reaches it: http://HOST:8000/webhook/gitea',
    )
    .option(
      '--token-file <file>',
      'token of somebody who administers it (- for stdin); else GITEA_TOKEN',
    )
    .option('--new-secret', 'make the hook anew, with the present secret')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', help)
    .action(async (options: unknown) => end(await setup(io, options)));
}

/** Sets up what the token may, and tells the rest; resolves to the exit code. */
export async function setup(io: Io, given: unknown): Promise<number> {
  const options = parseOptions(optionsSchema, given);
  const environment = io.environment();
  const config = loadSetupConfig(environment);
  const adminToken =
    options.tokenFile === undefined ? undefined : await readToken(options.tokenFile);
  const token = adminToken ?? config.giteaToken;
  if (token === undefined)
    throw new ConfigError('usage', 'Give --token-file FILE, or set GITEA_TOKEN.');
  const shown = conceal([token, ...examineConfig(environment).secrets]);
  const open = (as: string): Gitea =>
    createGitea({ baseUrl: config.giteaUrl, token: as, now: Date.now });
  const clients = { hooks: open(token), labels: open(config.giteaToken ?? token) };
  const signal = io.signal ?? new AbortController().signal;
  const { repo, org, url, newSecret, dryRun } = options;
  const tell = ({ lines }: SetupResult) => {
    for (const line of lines) io.stdout.write(`${printable(shown(line))}\n`);
  };
  try {
    const hook = await setUpHook(
      {
        gitea: clients.hooks,
        giteaUrl: config.giteaUrl,
        owner: repo === undefined ? { organization: org ?? '' } : { repository: repo },
        url,
        secret: config.webhookSecret,
        newSecret,
        dryRun,
      },
      signal,
    );
    tell(hook);
    if (repo === undefined) return hook.left ? 1 : 0;
    const labels = await setUpLabels({ gitea: clients.labels, repository: repo, dryRun }, signal);
    tell(labels);
    return hook.left || labels.left ? 1 : 0;
  } catch (error) {
    // Without its cause, which would hold the text again.
    if (error instanceof CoordinatorError)
      throw new CoordinatorError(error.code, shown(error.message));
    throw error;
  } finally {
    await Promise.all([clients.hooks.close(), clients.labels.close()]);
  }
}

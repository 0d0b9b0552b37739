import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import type { loadWorkConfig } from '../../config.ts';
import { ConfigError } from '../../errors.ts';
import type { Adapter, AdapterName } from '../../work/adapters/adapter.ts';
import { createClaude } from '../../work/adapters/claude.ts';
import { createCodex } from '../../work/adapters/codex.ts';
import { createCommand } from '../../work/adapters/command.ts';
import { createOpencode } from '../../work/adapters/opencode.ts';
import type { ForwarderOptions } from '../../work/forwarder.ts';
import type { WorkOptions } from './options.ts';

/** The agents that have the name of a model of Claude. */
const models = ['opus', 'sonnet', 'haiku'];

/** The agent that is wanted: a program after `--` is one, else Claude Code. */
export function chooseAdapter({ adapter }: WorkOptions, command: readonly string[]): Adapter {
  const name = adapter ?? (command.length > 0 ? 'command' : 'claude');
  if ((name === 'command') !== command.length > 0)
    throw new ConfigError(
      'usage',
      name === 'command'
        ? '--adapter command needs a program: work -- ./my-agent.sh'
        : `A program after -- is an agent of its own: leave --adapter ${name} out.`,
    );
  switch (name) {
    case 'command':
      return createCommand(command);
    case 'claude':
      return createClaude();
    case 'codex':
      return createCodex();
    case 'opencode':
      return createOpencode();
  }
}

/** The model for an issue: the one of the option, else the one that its agent is named after. */
export function modelOf({ model }: WorkOptions, adapter: AdapterName) {
  return (agent: string): string | undefined =>
    model ?? (adapter === 'claude' && models.includes(agent) ? agent : undefined);
}

/** The files that the operator names by absolute paths for a program of his own, such as its script. */
export function filesAmong(command: readonly string[]): readonly string[] {
  return command
    .slice(1)
    .filter((word) => isAbsolute(word) && statSync(word, { throwIfNoEntry: false })?.isFile());
}

/**
 * The API that the agent works with, and the key or the token of a subscription, which it never sees; undefined for agents
 * that have a key of their own.
 */
export function modelAccessOf(
  { name }: Adapter,
  { anthropic, openai }: Pick<ReturnType<typeof loadWorkConfig>, 'anthropic' | 'openai'>,
): Pick<ForwarderOptions, 'credential' | 'upstream'> | undefined {
  if (name === 'command') return undefined;
  if (name === 'codex') {
    const { key: secret, baseUrl } = openai;
    if (secret === undefined) throw new ConfigError('usage', missing.codex);
    return { credential: { kind: 'openai_key', secret }, upstream: baseUrl };
  }
  const { key, oauthToken, baseUrl: upstream } = anthropic;
  if (key !== undefined) return { credential: { kind: 'api_key', secret: key }, upstream };
  if (name === 'claude' && oauthToken !== undefined)
    return { credential: { kind: 'oauth_token', secret: oauthToken }, upstream };
  throw new ConfigError('usage', missing[name]);
}

const missing = {
  claude:
    'Claude Code needs ANTHROPIC_API_KEY (a key of the API) or CLAUDE_CODE_OAUTH_TOKEN (a subscription: claude setup-token); agents do not see your own log-in.',
  codex:
    'Codex needs OPENAI_API_KEY, a key of the API of OpenAI; agents do not see your own log-in.',
  opencode: 'OpenCode needs ANTHROPIC_API_KEY, a key of the API.',
} as const;

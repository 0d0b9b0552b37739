import { spawn } from 'node:child_process';

import { CoordinatorError } from '../errors.ts';
import { createProcessTree } from '../gates/process/process-tree.ts';
import type { Sandbox } from '../gates/process/sandbox.ts';
import type { Adapter, AgentStart } from './adapters/adapter.ts';
import { agentEnvironment } from './agent-environment.ts';
import { filesOfProgram, findProgram, missingProgram } from './agent-program.ts';
import { makePrivateDirectory, writePrivateFile } from './private-files.ts';

export interface AgentLaunch {
  readonly adapter: Adapter;
  readonly start: AgentStart;
  /** Unguessable, one a run: by it every process of the run is found, also after a crash of the runner. */
  readonly marker: string;
  /** Variables beside the allow-list: `MOSAIC_*`, author of commits, what the forwarder tells. No secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** The environment of the runner; only names of the allow-list are taken from it. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** As `openSandbox` opened it, `none` included. */
  readonly sandbox: Sandbox;
  /** Beside worktree and home. */
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
}

/**
 * Starts the program of an agent in a session and process group of its own. Throws when there is no such program, or
 * its files cannot be written; a program that does not start reports an `error`.
 */
export function launchAgent(request: AgentLaunch) {
  const { adapter, start, sandbox, marker, inherited } = request;
  const { home, directory } = start;
  const { command, args, input, environment: added, files } = adapter.start(start);
  const environment = agentEnvironment({
    ...{ inherited, home, marker },
    added: { ...added, ...request.environment },
  });
  const program = findProgram(command, environment['PATH'] ?? '');
  if (program === undefined) {
    const { problem, cure } = missingProgram(command);
    throw new CoordinatorError('agent_program_missing', `${problem} ${cure}`);
  }
  makePrivateDirectory(home, 'tmp');
  for (const [path, text] of Object.entries(files)) writePrivateFile(home, path, text);
  const wrapped = sandbox.wrap({
    ...{ command: program, args, directory, environment, network: true },
    writable: [directory, home, ...request.writable],
    readOnly: [...filesOfProgram(program), ...request.readOnly],
  });
  const child = spawn(wrapped.command, wrapped.args, {
    ...{ cwd: directory, env: environment, detached: true, stdio: 'pipe' },
  });
  // What is written to a program that has ended is lost; its end tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.write(input);
  if (!adapter.can.hearsWhileRunning) child.stdin.end();
  return { child, tree: createProcessTree(child.pid, marker) };
}

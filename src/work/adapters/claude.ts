import { join } from 'node:path';

import type { Adapter, AgentCommand, AgentStart } from './adapter.ts';
import { createClaudeReader } from './claude-reader.ts';

/**
 * Claude Code without a terminal. Seen to work with 2.1.332; facts about its options, stream and ends come from
 * recordings of that version (test/fixtures/claude-code).
 */
export function createClaude({ program = 'claude' }: { readonly program?: string } = {}): Adapter {
  return {
    name: 'claude',
    can: { liveContext: true, hearsWhileRunning: true, showsLife: true, resumes: true },
    start: (request) => commandOf(program, request),
    createReader: createClaudeReader,
    say: userMessage,
  };
}

/** A message in mid-turn reaches the model with the next tool result. */
function userMessage(text: string): string {
  const message = { role: 'user', content: [{ type: 'text', text }] };
  return `${JSON.stringify({ type: 'user', message })}\n`;
}

/**
 * What would ask a person is denied at once without a terminal. So an agent that may not run commands can do
 * nothing, and one that may run the tests can run anything, by writing a test: a list of allowed commands would be
 * no wall, and break at the first compound command. The walls are the sandbox, and what the agent is not given.
 */
const allowedTools = ['Bash', 'Edit', 'Write', 'NotebookEdit'];
/** Push belongs to the runner; the others leave the worktree, or wait for a time when nobody listens any more. */
const disallowedTools = [
  ...['Bash(git push)', 'Bash(git push *)', 'EnterWorktree', 'CronCreate', 'ScheduleWakeup'],
];

const settingsFile = 'claude-settings.json';
/** Without it commit messages name the agent as a co-author. */
const settings = { attribution: { commit: '', pr: '' } };

function commandOf(program: string, request: AgentStart): AgentCommand {
  const { model, session, resume, instructionsFile, projectSettings } = request;
  const { maxTurns, maxCostUsd } = request;
  return {
    command: program,
    args: [
      ...['-p', '--verbose', '--input-format', 'stream-json', '--output-format', 'stream-json'],
      '--replay-user-messages',
      ...(session === undefined ? [] : [resume ? '--resume' : '--session-id', session]),
      ...(model === undefined ? [] : ['--model', model]),
      ...['--permission-mode', 'acceptEdits'],
      ...['--allowedTools', allowedTools.join(',')],
      ...['--disallowedTools', disallowedTools.join(',')],
      // Hooks and servers that a repository brings would run without any question.
      ...(projectSettings === true ? [] : ['--setting-sources', 'user', '--strict-mcp-config']),
      ...['--settings', join(request.home, settingsFile)],
      ...(instructionsFile === undefined ? [] : ['--append-system-prompt-file', instructionsFile]),
      ...(maxTurns === undefined ? [] : ['--max-turns', `${maxTurns}`]),
      // Its stream tells what it cost only at the end of a turn.
      ...(maxCostUsd === undefined ? [] : ['--max-budget-usd', maxCostUsd.toFixed(6)]),
    ],
    // Not as an argument: those are in the list of processes.
    input: userMessage(request.prompt),
    environment: {
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_ERROR_REPORTING: '1',
      // A command in the background would keep the process after its last turn.
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
      // The default of ten goes on for minutes after a refused key.
      CLAUDE_CODE_MAX_RETRIES: '4',
      // Its sockets and scratch files are in /tmp otherwise.
      CLAUDE_CODE_TMPDIR: join(request.home, 'tmp'),
    },
    files: { [settingsFile]: `${JSON.stringify(settings)}\n` },
  };
}

import { readEnvironment } from '../../../src/config.ts';

/** The real agents that are tested: variable with the absolute path of the program, and the package of npm that has it. */
export const agents = {
  claude: { variable: 'CLAUDE_CODE', package: '@anthropic-ai/claude-code' },
  codex: { variable: 'CODEX', package: '@openai/codex' },
  opencode: { variable: 'OPENCODE', package: 'opencode-ai' },
} as const;

/** The program of an agent to test against; undefined when none is given, and then its tests are skipped. */
export function findAgent(name: keyof typeof agents): string | undefined {
  return readEnvironment()[agents[name].variable];
}

import { readEnvironment } from '../../../src/config.ts';

/** The program of Claude Code to test against; undefined when none is given, and then its tests are skipped. */
export function findClaudeCode(): string | undefined {
  return readEnvironment()['CLAUDE_CODE'];
}

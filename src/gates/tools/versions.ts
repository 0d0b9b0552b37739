import semver from 'semver';

import { CoordinatorError } from '../../errors.ts';
import type { Tool, ToolName } from '../gate.ts';

/** A tool is installed, but in a version that the gates cannot judge. The message says which they can. */
export class ToolUnsupported extends CoordinatorError {
  constructor(message: string) {
    super('tool_unsupported', message);
    this.name = 'ToolUnsupported';
  }
}

/**
 * Oldest versions that the gates run. TypeScript before 5.0 does not record which files are the project's own;
 * ESLint before 8.23 cannot load the gate's formatter.
 */
const oldest: Partial<Record<ToolName, string>> = { typescript: '5.0.0', eslint: '8.23.0' };

/** Throws for a tool that does not know the flags of the gates. */
export function checkVersion(tool: Pick<Tool, 'name' | 'version'>): void {
  const { name, version } = tool;
  const least = oldest[name];
  if (least === undefined || isAtLeast(tool, least)) return;
  throw new ToolUnsupported(
    `${name} ${version} is not supported: install ${name} ${least} or newer.`,
  );
}

/** True from this version on, its prereleases included. */
export function isAtLeast({ version }: Pick<Tool, 'version'>, least: string): boolean {
  return semver.valid(version) !== null && semver.gte(version, `${least}-0`);
}

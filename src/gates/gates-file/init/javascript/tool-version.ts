import { gte, minVersion, validRange } from 'semver';
import { z } from 'zod';

import type { PackageJson } from './package-json.ts';
import type { Project } from '../project.ts';

const schema = z.object({ version: z.string() });

/** True when the installed version, or else the oldest that package.json allows, is at least this one. */
export async function isAtLeast(
  project: Project,
  json: PackageJson,
  name: string,
  version: string,
): Promise<boolean> {
  const text = await project.text(`node_modules/${name}/package.json`);
  const range = json.rangeOf(name) ?? '';
  const oldest = validRange(range) === null ? null : minVersion(range);
  const found = installed(text) ?? oldest?.version;
  return found !== undefined && gte(found, version);
}

function installed(text: string | undefined): string | undefined {
  try {
    const { data } = schema.safeParse(JSON.parse(text ?? ''));
    return data !== undefined && validRange(data.version) !== null ? data.version : undefined;
  } catch {
    return undefined;
  }
}

import { parse } from '@babel/parser';

/**
 * True when a vitest configuration itself names the files that coverage counts (`coverage: { include }`). A
 * setting in a variable or in another file is not found.
 */
export function namesCoverageInclude(config: string): boolean {
  try {
    return anyNode(parse(config, { sourceType: 'module', plugins: ['typescript'] }), (node) => {
      const options = isProperty(node, 'coverage') ? node['value'] : undefined;
      const entries = isRecord(options) ? options['properties'] : undefined;
      return Array.isArray(entries) && entries.some((entry) => isProperty(entry, 'include'));
    });
  } catch {
    // Vitest cannot read such a text either, or it is nested deeper than the stack.
    return false;
  }
}

function anyNode(value: unknown, matches: (node: Record<string, unknown>) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => anyNode(item, matches));
  if (!isRecord(value)) return false;
  return matches(value) || Object.values(value).some((child) => anyNode(child, matches));
}

function isProperty(value: unknown, name: string): value is Record<string, unknown> {
  if (!isRecord(value) || value['type'] !== 'ObjectProperty') return false;
  const key = value['key'];
  return isRecord(key) && (key['name'] === name || key['value'] === name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

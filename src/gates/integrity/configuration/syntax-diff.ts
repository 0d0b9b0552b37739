import { createHash } from 'node:crypto';

import type { Node } from '@babel/types';

import { fieldsOf, isNode } from '../syntax.ts';

/** One place where two versions of a configuration differ; comments, layout and quotes do not count. */
export interface Edit {
  /** Keys of the objects around it. */
  readonly path: readonly string[];
  /** Undefined when it was added. */
  readonly before: Node | undefined;
  /** Undefined when it was removed. */
  readonly after: Node | undefined;
  /** The innermost node that is still there, to tell the line of something removed. */
  readonly within: Node;
}

/** Compares two syntax trees; objects key by key, lists by what was put in or taken out. */
export function diffSyntax(before: Node, after: Node): Edit[] {
  const digests = new WeakMap<Node, string>();
  const edits: Edit[] = [];
  diff(before, after, []);
  return edits;

  function diff(old: Node, now: Node, path: readonly string[]): void {
    if (digest(old) === digest(now)) return;
    if (old.type === 'ObjectExpression' && now.type === 'ObjectExpression') {
      diffProperties(propertiesOf(old), propertiesOf(now), path, now);
      return;
    }
    if (old.type !== now.type) {
      edits.push({ path, before: old, after: now, within: now });
      return;
    }
    const nowFields = new Map(fieldsOf(now));
    let differs = false;
    for (const [name, oldValue] of fieldsOf(old)) {
      const nowValue = nowFields.get(name);
      if (isNode(oldValue) && isNode(nowValue)) diff(oldValue, nowValue, path);
      else if (Array.isArray(oldValue) && Array.isArray(nowValue)) {
        diffList(oldValue.filter(isNode), nowValue.filter(isNode), path, now);
      } else if (describe(oldValue) !== describe(nowValue)) differs = true;
    }
    // A literal's value, an operator, a part that only one of them has.
    if (differs) edits.push({ path, before: old, after: now, within: now });
  }

  function diffProperties(
    old: ReadonlyMap<string, Node>,
    now: ReadonlyMap<string, Node>,
    path: readonly string[],
    within: Node,
  ): void {
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      const [oldValue, nowValue] = [old.get(name), now.get(name)];
      const inner = [...path, name];
      const only = oldValue ?? nowValue;
      if (oldValue && nowValue) diff(oldValue, nowValue, inner);
      else if (only?.type === 'ObjectExpression' && only.properties.length > 0) {
        // A whole object came or went: told by what is in it.
        const [there, none] = [propertiesOf(only), new Map<string, Node>()];
        diffProperties(oldValue ? there : none, oldValue ? none : there, inner, nowValue ?? within);
      } else edits.push({ path: inner, before: oldValue, after: nowValue, within });
    }
  }

  function diffList(old: Node[], now: Node[], path: readonly string[], within: Node): void {
    let [start, oldEnd, nowEnd] = [0, old.length, now.length];
    const same = (a: Node | undefined, b: Node | undefined) => a && b && digest(a) === digest(b);
    while (start < Math.min(oldEnd, nowEnd) && same(old[start], now[start])) start += 1;
    while (Math.min(oldEnd, nowEnd) > start && same(old[oldEnd - 1], now[nowEnd - 1])) {
      oldEnd -= 1;
      nowEnd -= 1;
    }
    const [removed, added] = [old.slice(start, oldEnd), now.slice(start, nowEnd)];
    if (removed.length === added.length) {
      removed.forEach((node, index) => {
        const other = added[index];
        if (other) diff(node, other, path);
      });
      return;
    }
    const isIn = (nodes: readonly Node[]) => {
      const known = new Set(nodes.map(digest));
      return (node: Node) => known.has(digest(node));
    };
    const [isKept, isOld] = [isIn(added), isIn(removed)];
    const gone = removed.filter((node) => !isKept(node));
    const fresh = added.filter((node) => !isOld(node));
    for (const node of gone) {
      // The one statement of its kind on both sides is the same one, edited.
      const [other, ...more] = fresh.filter(({ type }) => type === node.type);
      const isOnly = gone.filter(({ type }) => type === node.type).length === 1;
      if (other && more.length === 0 && isOnly && /Statement$|Declaration$/.test(node.type)) {
        fresh.splice(fresh.indexOf(other), 1);
        diff(node, other, path);
      } else edits.push({ path, before: node, after: undefined, within });
    }
    for (const node of fresh) edits.push({ path, before: undefined, after: node, within });
    // Repeated or reordered only.
    if (removed.every(isKept) && added.every(isOld)) {
      edits.push({ path, before: removed[0], after: added[0], within });
    }
  }

  function digest(node: Node): string {
    const known = digests.get(node);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for (const [name, value] of fieldsOf(node)) {
      hash.update(`${name}:${describe(value)};`);
    }
    const result = hash.digest('base64');
    digests.set(node, result);
    return result;
  }

  function describe(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(describe).join()}]`;
    if (isNode(value)) return digest(value);
    return `${typeof value} ${JSON.stringify(value)}`;
  }
}

/** The members of an object by name; those without one, such as spreads, by their position among such. */
function propertiesOf(object: Node): Map<string, Node> {
  const members = new Map<string, Node>();
  if (object.type !== 'ObjectExpression') return members;
  for (const property of object.properties) {
    const key = property.type === 'SpreadElement' ? undefined : property.key;
    const computed = property.type !== 'SpreadElement' && property.computed;
    const name =
      key === undefined || computed
        ? `[${members.size}]`
        : key.type === 'Identifier'
          ? key.name
          : key.type === 'StringLiteral'
            ? key.value
            : key.type === 'NumericLiteral'
              ? String(key.value)
              : `[${members.size}]`;
    members.set(name, property.type === 'ObjectProperty' ? property.value : property);
  }
  return members;
}

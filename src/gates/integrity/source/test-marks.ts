import type { Node } from '@babel/types';

import type { Mark, TestCase } from '../facts.ts';
import { lineOf } from '../syntax.ts';
import { guardOf } from './conditions.ts';
import { isConstant, propertyName } from './constant.ts';
import { surroundingsOf, type SurroundingNames } from './environment.ts';
import { isMark, readApi, type Scope } from './test-api.ts';
import type { TestSource } from './test-body.ts';

/** Position of the walk: the names in scope, the titles of the suites around, and how often this code defines its tests. */
export interface Place {
  readonly scope: Scope;
  readonly titles: readonly string[];
  readonly cases: number;
}

/** A walk through one file, with the marks and tests found so far. */
export interface Walk extends TestSource {
  readonly lines: readonly string[];
  readonly surroundings: SurroundingNames;
  /** The next statements after an `if`. */
  readonly following: Map<Node, readonly Node[]>;
  readonly marks: Mark[];
  readonly tests: TestCase[];
}

export function addOptionMarks(walk: Walk, argument: Node, place: Place): void {
  const options = argument.type === 'Identifier' ? walk.constants.get(argument.name) : argument;
  if (options?.type !== 'ObjectExpression') return;
  for (const property of options.properties) {
    if (property.type !== 'ObjectProperty') continue;
    const name = propertyName(property.key, property.computed, walk.constants);
    const { value } = property;
    if (name === 'retry' && !isOff(value)) {
      addMark(walk, property, written(walk, property), place, 'retry');
    }
    if (name === undefined || !isMark(name) || isOff(value)) continue;
    if (isConstant(value, walk.constants)) addMark(walk, property, `{ ${name} }`, place, name);
    else addConditionMark(walk, property, value, place);
  }
}

function isOff(value: Node): boolean {
  return (
    (value.type === 'BooleanLiteral' && !value.value) ||
    (value.type === 'NumericLiteral' && value.value === 0)
  );
}

/** A skip whose condition is where the code runs: the gates set CI, so it is theirs to be skipped. */
export function addConditionMark(
  walk: Walk,
  node: Node,
  condition: Node | undefined,
  place: Place,
): void {
  const on = condition && surroundingsOf(condition, walk.surroundings);
  if (on) addMark(walk, node, written(walk, node), place, ruleOfCondition[on]);
}

export function addGuardMark(walk: Walk, node: Node, place: Place): void {
  const guard = guardOf(node, {
    names: walk.surroundings,
    assertingFunctions: walk.assertingFunctions,
    following: walk.following.get(node) ?? [],
    isInTest: place.titles.length > 0,
  });
  if (guard) addMark(walk, node, written(walk, guard.test), place, ruleOfCondition[guard.on]);
}

const ruleOfCondition = { environment: 'conditional-skip', platform: 'platform-condition' };

/** Mocha skips the running test by its `this`. */
export function isThisSkip(call: Node): boolean {
  if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return false;
  const { object, property } = call.callee;
  return (
    object.type === 'ThisExpression' && property.type === 'Identifier' && property.name === 'skip'
  );
}

export function written({ text }: Walk, node: Node): string {
  return text.slice(node.start ?? 0, node.end ?? 0);
}

export function addApiMark(walk: Walk, node: Node, place: Place): void {
  const mark = readApi(node, place.scope, walk.constants)?.ownMark;
  if (mark !== undefined) addMark(walk, node, written(walk, node), place, mark);
}

export function addMark(
  walk: Walk,
  node: Node,
  text: string,
  place: Pick<Place, 'titles'>,
  mark = text,
): void {
  const line = lineOf(node);
  walk.marks.push({
    rule: mark === 'failing' ? 'fails' : mark,
    text: text.replace(/\s+/g, ' ').slice(0, 80),
    names: [],
    context: place.titles.join(' > ') || (walk.lines[line - 1] ?? '').trim(),
    line,
  });
}

import { assumedFactors, formulaTokens, hasFactors, unknownSize } from '../issue/estimate.ts';
import { speaksAgainst, type Mention } from './mentions.ts';
import type { KnownIssues } from './known-issues.ts';
import { readText, type TextReading } from './read-text.ts';
import type { Factors } from '../issue/factors.ts';
import type { Dependency, IssueText, NamedIssue, Reading } from '../issue/reading.ts';
import type { UnreadableCause } from '../issue/unreadable.ts';
import type { Warning } from '../issue/warnings.ts';
import { formatRef } from '../issue/ref.ts';
import type { Declarations, DeclaredValue } from './declarations/values.ts';

/** Maximum dependencies that one issue may declare; more is a list, not a plan. */
export const dependencyLimit = 100;

/** Options of reading a text offline. */
export interface OfflineOptions {
  /** Base URL of the tracker; without it no URL is the tracker's own. */
  readonly trackerUrl?: string | undefined;
  /** The issues of the tracker; without it no reference is dropped for being unknown. */
  readonly known?: KnownIssues | undefined;
  /** The text if it was read before, in the text thread. */
  readonly text?: TextReading | undefined;
}

/**
 * Reads an issue's text without Claude: the template's sections and the dependency grammar. A value is what the
 * text declares, else the result of the formula, else a default marked as such.
 */
export function readOffline(
  issue: IssueText,
  agentNames: readonly string[],
  options: OfflineOptions = {},
): Reading {
  const text = options.text ?? readText(issue, { ...options, agentNames });
  const { declared } = text;
  const factors: Factors = {
    files: declared.files?.value ?? null,
    complexity: declared.complexity?.value ?? null,
    tests: declared.tests?.value ?? null,
    docs: declared.docs?.value ?? null,
  };
  const found = dependenciesOf(text.mentions, issue);
  const dependencies = found.slice(0, dependencyLimit);
  // What was not read may be the blocker that counts.
  const isPart =
    issue.bodyCut ||
    found.length > dependencyLimit ||
    text.warnings.some(({ code }) => code === 'too_many_mentions');
  const nothing = Object.keys(declared).length === 0 && found.length === 0;
  return {
    outcome: 'offline',
    model: null,
    reason: null,
    unreadable: text.unreadable ?? (isPart ? 'work' : null),
    estimatedContext: estimatedContext(declared, factors),
    difficulty: fieldOf(declared.difficulty) ?? {
      value: 'unknown',
      source: 'default',
      evidence: null,
    },
    assignedAgent: fieldOf(declared.agent) ?? { value: null, source: 'default', evidence: null },
    factors,
    factorEvidence: factorEvidence(declared),
    dependencies,
    partOf: namedIn(text.mentions.filter(isParent), issue).slice(0, parentLimit),
    denied: namedIn(text.mentions.filter(speaksAgainst), issue).slice(0, dependencyLimit),
    warnings: [
      ...(text.unreadable === undefined ? [] : [textUnreadable(text.unreadable)]),
      ...(nothing && text.unreadable === undefined && text.warnings.length === 0
        ? [nothingReadable]
        : []),
      ...(issue.bodyCut ? [bodyCut] : []),
      ...text.warnings,
      ...(found.length > dependencyLimit ? [tooManyDependencies] : []),
      ...declaredTwice(declared),
      ...factorsAssumed(declared, factors),
    ],
  };
}

function estimatedContext(declared: Declarations, factors: Factors): Reading['estimatedContext'] {
  const total = fieldOf(declared.total);
  if (total !== undefined) return total;
  const value = hasFactors(factors) ? formulaTokens(factors) : unknownSize.likely;
  return { value, source: hasFactors(factors) ? 'formula' : 'default', evidence: null };
}

function factorEvidence({
  files,
  complexity,
  tests,
  docs,
}: Declarations): Reading['factorEvidence'] {
  const said = Object.entries({ files, complexity, tests, docs });
  return Object.fromEntries(
    said.flatMap(([name, found]) => (found === undefined ? [] : [[name, found.evidence]])),
  );
}

function fieldOf<T>(found: DeclaredValue<T> | undefined) {
  if (found === undefined) return undefined;
  return { value: found.value, source: 'declared' as const, evidence: found.evidence };
}

/** Each dependency once, with the words that first declared it. */
function dependenciesOf(mentions: readonly Mention[], issue: IssueText): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const { verdict, repository, number, evidence } of mentions) {
    if (verdict.kind !== 'dependency') continue;
    const { direction } = verdict;
    const ref = formatRef({ repository: repository ?? issue.repository, number }).toLowerCase();
    const key = `${direction} ${ref}`;
    if (!found.has(key))
      found.set(key, {
        direction,
        repository,
        number,
        source: 'declared',
        evidence: evidence.replace(/\*\*|__|`/g, ''),
      });
  }
  return [...found.values()];
}

/** Maximum of parents of one issue; more are a list of something else. */
const parentLimit = 20;

/** The text calls it a parent or epic. */
function isParent({ verdict }: Mention): boolean {
  return verdict.kind === 'undecided' && verdict.reason === 'part_of';
}

/** Each issue once, and never the text's own. */
function namedIn(mentions: readonly Mention[], issue: IssueText): NamedIssue[] {
  const found = new Map<string, NamedIssue>();
  for (const { repository, number } of mentions) {
    const ref = formatRef({ repository: repository ?? issue.repository, number }).toLowerCase();
    if (ref !== formatRef(issue).toLowerCase()) found.set(ref, { repository, number });
  }
  return [...found.values()];
}

const nothingReadable: Warning = { code: 'nothing_readable', params: {} };
function textUnreadable(cause: UnreadableCause): Warning {
  return { code: 'text_unreadable', params: { cause } };
}

const bodyCut: Warning = { code: 'body_cut', params: {} };
const tooManyDependencies: Warning = {
  code: 'too_many_dependencies',
  params: { limit: dependencyLimit },
};

/** A warning for each value that the text declares twice, and differently. */
function declaredTwice({ difficulty, agent, total }: Declarations): Warning[] {
  return [
    ...twice('difficulty_declared_twice', difficulty),
    ...twice('agent_declared_twice', agent),
    ...twice('total_declared_twice', total),
  ];
}

function twice(
  code: 'difficulty_declared_twice' | 'agent_declared_twice' | 'total_declared_twice',
  found: DeclaredValue<string | number> | undefined,
): Warning[] {
  if (found?.other === undefined) return [];
  return [{ code, params: { first: found.value, other: found.other } }];
}

function factorsAssumed(declared: Declarations, factors: Factors): Warning[] {
  if (declared.total !== undefined || !hasFactors(factors)) return [];
  const missing = Object.entries(factors).filter(([, value]) => value === null);
  if (missing.length === 0) return [];
  const assumed = { ...assumedFactors };
  const names = Object.entries(assumed)
    .filter(([name]) => missing.some(([other]) => other === name))
    .map(([factor, value]) => ({ factor, value }));
  return [{ code: 'factors_assumed', params: { assumed: names } }];
}

import { assumedFactors, formulaTokens, hasFactors, totalDiffers } from './estimate.ts';
import { dependencyLimit, findDependencies } from './grammar.ts';
import type { Mention } from './mentions.ts';
import type { Dependency, Factors, IssueText, Reading, Source, Warning } from './reading.ts';
import { localRef } from './asked-references.ts';
import { readSections, textLines, type Declared, type Found } from './sections.ts';

/**
 * Reads an issue's text without asking anybody: the template's sections and the plain dependency
 * grammar. Values: what the text declares, else the formula, else a default that says so.
 */
export function readOffline(issue: IssueText, agentNames: readonly string[]): Reading {
  const declared = readSections(issue.body, agentNames);
  const factors: Factors = {
    files: declared.files?.value ?? null,
    complexity: declared.complexity?.value ?? null,
    tests: declared.tests?.value ?? null,
    docs: declared.docs?.value ?? null,
  };
  const found = findDependencies(issue.title, issue.body);
  const dependencies = found.filter((dependency) => !isSelf(issue, dependency));
  const nothing = Object.keys(declared).length === 0 && found.length === 0;
  return {
    outcome: 'offline',
    model: null,
    reason: null,
    estimatedContext: estimatedContext(declared, factors),
    difficulty: fieldOf(declared.difficulty) ?? {
      value: 'medium',
      source: 'default',
      evidence: null,
    },
    assignedAgent: fieldOf(declared.agent) ?? { value: null, source: 'default', evidence: null },
    factors,
    dependencies,
    warnings: [
      ...(nothing ? [nothingReadable] : []),
      ...(issue.bodyCut ? [bodyCut] : []),
      ...(found.length > dependencies.length ? [selfReference(issue)] : []),
      ...(found.length >= dependencyLimit ? [tooManyDependencies] : []),
      ...declaredDiffers(declared, factors),
      ...factorsAssumed(declared, factors),
    ],
  };
}

function estimatedContext(declared: Declared, factors: Factors): Reading['estimatedContext'] {
  const total = fieldOf(declared.total);
  if (total !== undefined) return total;
  const source: Source = hasFactors(factors) ? 'formula' : 'default';
  return { value: formulaTokens(factors), source, evidence: null };
}

function fieldOf<T>(found: Found<T> | undefined) {
  if (found === undefined) return undefined;
  return { value: found.value, source: 'declared' as const, evidence: found.evidence };
}

function isSelf(issue: IssueText, dependency: Dependency): boolean {
  const repository = dependency.repository ?? issue.repository;
  return (
    dependency.number === issue.number &&
    repository.toLowerCase() === issue.repository.toLowerCase()
  );
}

const nothingReadable: Warning = {
  code: 'nothing_readable',
  text: 'The text declares no size, difficulty, agent or dependency: default numbers are used.',
};
const bodyCut: Warning = {
  code: 'body_cut',
  text: 'The text is longer than 1,000,000 characters: the rest was not kept and not read.',
};
const tooManyDependencies: Warning = {
  code: 'too_many_dependencies',
  text: `The text declares ${dependencyLimit} dependencies or more: only the first ${dependencyLimit} count.`,
};

function selfReference(issue: IssueText): Warning {
  return {
    code: 'self_reference',
    text: `The text declares a dependency of #${issue.number} on itself: it was dropped.`,
  };
}

function declaredDiffers(declared: Declared, factors: Factors): Warning[] {
  const total = declared.total?.value;
  if (total === undefined || !hasFactors(factors)) return [];
  return totalDiffers(total, formulaTokens(factors));
}

function factorsAssumed(declared: Declared, factors: Factors): Warning[] {
  if (declared.total !== undefined || !hasFactors(factors)) return [];
  const missing = Object.entries(factors).filter(([, value]) => value === null);
  if (missing.length === 0) return [];
  const assumed = { ...assumedFactors };
  const names = Object.entries(assumed)
    .filter(([name]) => missing.some(([other]) => other === name))
    .map(([name, value]) => `${name} ${value}`);
  return [
    {
      code: 'factors_assumed',
      text: `Not declared, so assumed for the formula: ${names.join(', ')}.`,
    },
  ];
}

const anyReference = /(?<![\w&/#.-])(?:([\w.-]{1,100}\/[\w.-]{1,100}))?#([1-9]\d{0,8})(?![\w-])/g;

/**
 * Every reference of a text as a mention: a dependency where the grammar finds one, else undecided. The
 * line stands for the sentence.
 */
export function findMentions(issue: IssueText): Mention[] {
  const dependencies = Map.groupBy(findDependencies(issue.title, issue.body), (dependency) =>
    localRef(issue, dependency),
  );
  return [issue.title, ...textLines(issue.body)].flatMap((line) => {
    const text = line.replaceAll('*', '').replace(/``[^`]*``|`[^`]*`/g, ' ');
    return [...text.matchAll(anyReference)].map((match): Mention => {
      const target = { repository: match[1] ?? null, number: Number(match[2]) };
      const found = dependencies
        .get(localRef(issue, target))
        ?.find(({ evidence }) => text.includes(evidence));
      return {
        ...target,
        verdict:
          found === undefined
            ? { kind: 'undecided' }
            : { kind: 'dependency', direction: found.direction },
        sentence: line.slice(0, 500),
        evidence: (found?.evidence ?? match[0]).slice(0, 200),
      };
    });
  });
}

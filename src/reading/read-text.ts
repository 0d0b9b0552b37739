import { resolveContradictions } from './contradictions.ts';
import { isInstruction } from './grammar/instructions.ts';
import type { KnownIssues } from './known-issues.ts';
import { parseMarkdown, parseTitle } from './markdown/markdown.ts';
import type { DirectedMention, ExclusionReason, Mention } from './mentions.ts';
import type { IssueText, Warning } from '../issue/reading.ts';
import { mentionLimit, readMentions } from './read-mentions.ts';
import { readDeclarations } from './declarations/read-declarations.ts';
import type { Declarations } from './declarations/values.ts';

/** Facts besides the text that its reading depends on. */
export interface TextContext {
  readonly agentNames: readonly string[];
  /** Base URL of the tracker; without it no URL is the tracker's own. */
  readonly trackerUrl?: string | undefined;
  /** Without it a code alone names nothing; unless it is complete, no reference is dropped for being unknown. */
  readonly known?: KnownIssues | undefined;
}

/** Everything one text says. */
export interface TextReading {
  readonly mentions: readonly Mention[];
  readonly declared: Declarations;
  readonly warnings: readonly Warning[];
}

/** Reads title and body: every reference with its meaning, and the declared values. Never throws. */
export function readText(issue: IssueText, context: TextContext): TextReading {
  const passages = [parseTitle(issue.title), ...parseMarkdown(issue.body)];
  const instructions = new Set(passages.filter(({ text }) => isInstruction(text)));
  const readable = passages.filter(
    (passage) => passage.hidden === undefined && !instructions.has(passage),
  );
  const declared = readDeclarations(readable, context.agentNames);
  const { trackerUrl, known } = context;
  const all = readMentions({ passages, instructions, issue, known, trackerUrl });
  const found = resolveContradictions(all, issue);
  return {
    mentions: found.map(({ mention }) => mention),
    declared,
    warnings: warningsOf(found, issue),
  };
}

function warningsOf(found: readonly DirectedMention[], issue: IssueText): Warning[] {
  const refsOf = (reason: ExclusionReason) => {
    const of = found.filter(
      ({ mention: { verdict }, direction }) =>
        verdict.kind === 'ruled_out' && verdict.reason === reason && direction !== undefined,
    );
    const refs = of.map(({ mention: { repository, number } }) => `${repository ?? ''}#${number}`);
    return [...new Set(refs)].slice(0, 10).join(', ');
  };
  const self = refsOf('self') !== '';
  const both = refsOf('contradiction');
  const codes = refsOf('code_mismatch');
  const instructed = refsOf('instruction') !== '';
  return [
    ...(self ? [selfReference(issue)] : []),
    ...(both === '' ? [] : [bothDirections(both)]),
    ...(codes === '' ? [] : [codeDisagrees(codes)]),
    ...(instructed ? [textForProgram] : []),
    ...(found.length >= mentionLimit ? [tooManyMentions] : []),
  ];
}

function selfReference(issue: IssueText): Warning {
  return {
    code: 'self_reference',
    text: `The text declares a dependency of #${issue.number} on itself: it was dropped.`,
  };
}

function bothDirections(refs: string): Warning {
  return {
    code: 'contradiction',
    text: `The text says both that this issue waits for ${refs} and that it is waited for: neither counts.`,
  };
}

function codeDisagrees(refs: string): Warning {
  return {
    code: 'code_mismatch',
    text: `A code does not name one issue alone, or another one than the number beside it (${refs}): the line counts for none.`,
  };
}

const textForProgram: Warning = {
  code: 'instruction_ignored',
  text: 'A part of the text is addressed to the program that reads it: it was passed over.',
};
const tooManyMentions: Warning = {
  code: 'too_many_mentions',
  text: `The text names other issues ${mentionLimit.toLocaleString('en-US')} times or more: what follows was not read.`,
};

import { resolveContradictions } from './contradictions.ts';
import { isInstruction } from './grammar/instructions.ts';
import type { KnownIssues } from './known-issues.ts';
import { parseMarkdown, parseTitle } from './markdown/markdown.ts';
import type { DirectedMention, ExclusionReason, Mention } from './mentions.ts';
import type { IssueText } from '../issue/reading.ts';
import type { Warning } from '../issue/warnings.ts';
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
    return [...new Set(refs)].slice(0, maxRefs);
  };
  const both = refsOf('contradiction');
  const codes = refsOf('code_mismatch');
  return [
    ...(refsOf('self').length > 0 ? [selfReference(issue)] : []),
    ...(both.length === 0 ? [] : [bothDirections(both)]),
    ...(codes.length === 0 ? [] : [codeDisagrees(codes)]),
    ...(refsOf('instruction').length > 0 ? [textForProgram] : []),
    ...(found.length >= mentionLimit ? [tooManyMentions] : []),
  ];
}

/** Maximum number of references that a warning names. */
const maxRefs = 10;

function selfReference({ number }: IssueText): Warning {
  return { code: 'self_reference', params: { found: 'text', ref: `#${number}` } };
}

function bothDirections(refs: readonly string[]): Warning {
  return { code: 'contradiction', params: { refs } };
}

function codeDisagrees(refs: readonly string[]): Warning {
  return { code: 'code_mismatch', params: { refs } };
}

const textForProgram: Warning = { code: 'instruction_ignored', params: {} };
const tooManyMentions: Warning = { code: 'too_many_mentions', params: { limit: mentionLimit } };

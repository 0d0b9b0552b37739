import { evidenceJoint } from '../../issue/reading.ts';
import { labelOf, splitLabel } from './labels.ts';
import { lineLimit, linesOf, type TextLine } from './lines.ts';
import type { Passage } from '../markdown/passage.ts';
import { keepValue, type DeclarationName, type Declarations } from './values.ts';

/**
 * The values a text declares about its own issue: template lines ("Total estimated: 46,800 tokens"), rows
 * of a table, sections ("## Difficulty") and short sentences ("Assign to opus."). The first readable value
 * of each kind counts.
 */
export function readDeclarations(
  passages: readonly Passage[],
  agentNames: readonly string[],
): Declarations {
  return readLines(
    passages.flatMap((passage) => (passage.kind === 'title' ? [] : linesOf(passage))),
    agentNames,
  );
}

function readLines(lines: readonly TextLine[], agentNames: readonly string[]): Declarations {
  const declared: Declarations = {};
  let section: { readonly name: DeclarationName; readonly heading: string } | undefined;
  for (const line of lines) {
    if (line.text.length > lineLimit) continue;
    const read: Read = (name, value, words, loose = false) =>
      keepValue(declared, name, { value, evidence: line.evidence ?? words, loose, agentNames });
    const text = line.text.replace(/^[\s\-*•·▪+]+|^\d+[.)]\s+/g, '').trim();
    if (text === '') continue;
    const bare = labelOf(text.replace(/[\s:：?]+$/, ''));
    const box = /^\[([ xX])\]\s+(.*)$/.exec(text);
    if (section !== undefined && box !== null) {
      // One of several choices.
      if (box[1] !== ' ') read(section.name, box[2] ?? '', under(section, text), true);
      continue;
    }
    if (line.heading || bare !== undefined) {
      section = bare === undefined ? undefined : { name: bare.name, heading: text };
      if (bare !== undefined) continue;
    }
    if (!readLine(text, line.struck, read) && section !== undefined)
      read(section.name, text.replace(/^level\s*[:=]\s*/i, ''), under(section, text), true);
    if (!line.heading) section = undefined;
  }
  return declared;
}

/** A bare value may stand anywhere: its evidence has the heading, too. */
function under({ heading }: { readonly heading: string }, text: string): string {
  return `${heading}${evidenceJoint}${text}`;
}

type Read = (name: DeclarationName, value: string, evidence: string, loose?: boolean) => void;

/** Reads the sentences of a line, and the labelled parts of each; true when there was a label. */
function readLine(text: string, struck: string, read: Read): boolean {
  let labelled = false;
  for (const sentence of text.split(/(?<=[.!?])\s+(?=\p{Lu})/u)) {
    const parts = sentence.split(/[,;|·•/]\s+(?=\p{L}[^,;|]{1,40}?\s?[:=])/u);
    for (const part of parts) {
      const found = splitLabel(part);
      if (found === undefined) break;
      labelled = true;
      read(found.name, found.value, part === text ? text : part.trim(), found.loose);
    }
    readProse(sentence, read);
  }
  if (!labelled && struck !== '') {
    // Only the old value, or all of the old line, was struck: its label still holds.
    const old = splitLabel(struck);
    if (old !== undefined) read(old.name, text, text, old.loose);
  }
  return labelled;
}

/** Reads a sentence that states a value without a label. */
function readProse(sentence: string, read: Read): void {
  if (
    sentence.includes('?') ||
    /\b(?:not|n[’']t|never|instead of|rather than|if|would|was|were)\b/i.test(sentence)
  )
    return;
  const size =
    /^(?:(?:so|my|our|the|a|i|we|it|this|should|will|is|be|issue|rough|roughly|total|context|whole|thing|i'd|would|say|needs?|takes?|have)\s+)*(?:estimated?s?|guess|estimate is|size[ds]?|estimation|needs?|takes?|costs?|about|around|roughly|approx\.?|circa|schätze)\b[^.;:()\d]{0,30}?(~?\d[\d,.  ]*\s*(?:k|m)?\s*tokens?\b.*)$/i.exec(
      sentence,
    )?.[1];
  if (size !== undefined) read('total', size, sentence.trim(), true);
  const agent =
    /^(?:please\s+|then\s+|i'd\s+|let's\s+)*(?:assign|give|hand)(?:ed)?(?:\s+(?:this|it))?(?:\s+(?:issue|one|ticket|task|over))?\s+to\s+(.+)$/i.exec(
      sentence,
    )?.[1] ??
    /^(?:best|to be|should be|can be|this (?:is|should be)|it should be)?\s*(?:best\s+)?(?:done|handled|taken|picked up|implemented)\s+by\s+(.+)$/i.exec(
      sentence,
    )?.[1];
  if (agent !== undefined) read('agent', agent, sentence.trim());
}

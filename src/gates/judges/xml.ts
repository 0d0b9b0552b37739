import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';

import { describeError } from '../../errors.ts';

/** An element of a report: attributes begin with `@`, the text is `#text`, every child is a list. */
export interface XmlElement {
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: Readonly<Record<string, readonly XmlElement[]>>;
}

/** Maximum characters of a report: reading more would hold up everything else for too long. */
const maxLength = 32 * 1024 * 1024;

/** Control characters but tabs and line ends. */
const controls = /[^\P{Cc}\t\n\r]/gu;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
  // Numeric references; entities that a document defines itself are refused.
  htmlEntities: true,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

export type XmlDocument =
  /** The root elements by name. */
  | { readonly roots: XmlElement['children']; readonly problem?: undefined }
  /** Why the text is no such document. */
  | { readonly problem: string; readonly roots?: undefined };

/** Reads a well-formed document that defines no entities of its own. */
export function parseXml(given: string): XmlDocument {
  if (given.length > maxLength) return { problem: `it has more than ${maxLength} characters` };
  // Tools copy the colours of a terminal into their reports, which XML does not allow.
  const text = given.replace(controls, '');
  const prologue = text.slice(0, Math.max(0, text.search(/<[A-Za-z_]/)));
  if (/<!ENTITY/i.test(prologue)) return { problem: 'it defines entities' };
  try {
    // It throws; the parser alone accepts half a document.
    SyntaxValidator.validate(text);
    const parsed: unknown = parser.parse(text);
    return { roots: elementOf(parsed).children };
  } catch (error) {
    return { problem: describeError(error, 200).replace(/^\w*Error: |\.$/g, '') };
  }
}

function elementOf(value: unknown): XmlElement {
  if (typeof value === 'string') return { attributes: {}, text: value, children: {} };
  const attributes: Record<string, string> = {};
  const children: Record<string, readonly XmlElement[]> = {};
  let text = '';
  for (const [name, content] of Object.entries(value ?? {})) {
    if (Array.isArray(content)) children[name] = content.map(elementOf);
    else if (name === '#text') text = String(content);
    else if (name.startsWith('@')) attributes[name.slice(1)] = String(content);
  }
  return { attributes, text, children };
}

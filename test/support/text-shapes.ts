/** Builds a text of about `length` characters. */
export type Shape = (length: number) => string;

function repeat(unit: string, before = '', after = ''): Shape {
  return (length) => before + unit.repeat(Math.max(1, Math.floor(length / unit.length))) + after;
}

/** Each unit from its number: units that differ cannot be recognised as the same. */
function count(unit: (n: number) => string, before = ''): Shape {
  return (length) => {
    const parts = [before];
    let total = before.length;
    for (let n = 1; total < length; n += 1) {
      const part = unit(n);
      parts.push(part);
      total += part.length;
    }
    return parts.join('');
  };
}

/** A unit whose length grows: nesting, runs of backticks. */
function growing(unit: (n: number) => string): Shape {
  return count(unit);
}

const url = 'https://git.example.test/acme/orbit/issues/';

/** Texts that cost most: parts of Markdown, of references and of sentences, repeated. */
export const shapes: Readonly<Record<string, Shape>> = {
  // Links.
  'reference links': repeat('[a]', '[a]: /u\n\n'),
  'reference links and text': repeat('[a] and #1. ', '[a]: /u\n\n'),
  'full reference links': repeat('[b][a] ', '[a]: /u\n\n'),
  'unknown reference links': repeat('[a][b]'),
  'many definitions': count((n) => `[d${n}]: /u${n}\n`),
  'many definitions in use': count((n) => `[d${n}]: /u${n}\n\n[d${n}]\n\n`),
  'definition of many lines': repeat('a\n', '[a]: /u "'),
  'definition without end': repeat('[a]:\n'),
  'definition in one line': repeat('[a]: <b> "c" '),
  'opening brackets': repeat('['),
  'opening and closing brackets': repeat('[]'),
  'nested brackets': (length) => '['.repeat(length / 2) + ']'.repeat(length / 2),
  'nested links': (length) => '['.repeat(length / 6) + 'a' + '](b)'.repeat(length / 6),
  'opening links': repeat('[a]('),
  'opening links with angle': repeat('[a](<b'),
  'opening links with title': repeat('[a](b "c'),
  'opening images': repeat('![]('),
  'images in links': repeat('[![a](b)](c) '),
  'inline links': repeat(`[a](${url}12) `),
  'inline links to others': repeat('[a](https://other.test/a/b/issues/12) '),
  'empty links': repeat('[](a)'),
  'links with parentheses': repeat('[a]((((((((((((('),
  autolinks: repeat('<http://a.b/c> '),
  'open autolinks': repeat('<http://a'),
  // Emphasis and code.
  'stars and letters': repeat('*a'),
  'mixed emphasis': repeat('**a_'),
  'open emphasis': repeat('a **b '),
  'closed emphasis': repeat('**a** '),
  'runs of stars': growing((n) => `${'*'.repeat(n % 97)}a`),
  'stars alone': repeat('*'),
  'underscores and letters': repeat('_a_ '),
  'nested emphasis': repeat('*a **b '),
  'strikes open': repeat('~~a'),
  'strikes closed': repeat('~~#1~~ '),
  'strikes alone': repeat('~'),
  'code spans': repeat('`#1` '),
  'open code spans': repeat('`a '),
  'rising backticks': growing((n) => `${'`'.repeat(n)} `),
  'backticks of odd lengths': growing((n) => `${'`'.repeat((n % 300) + 1)}a`),
  escapes: repeat('\\*'),
  backslashes: repeat('\\'),
  entities: repeat('&amp;'),
  'open entities': repeat('&a'),
  'numeric entities': repeat('&#35;1 '),
  // HTML.
  'open tags': repeat('<a'),
  'angle brackets': repeat('<'),
  tags: repeat('<b>a</b> '),
  'struck tags': repeat('<s>#1</s> '),
  'open struck tags': repeat('<s>#1 '),
  'closing tags': repeat('</s>'),
  'tags with attributes': repeat('<a b="c" d=e '),
  'open comments': repeat('a <!-- '),
  'blocks of comments': repeat('<!-- #1 -->\n'),
  'comments in a line': repeat('a <!-- #1 -->'),
  'open comment blocks': repeat('<!--\n'),
  'HTML blocks': repeat('<div>\n#1\n</div>\n\n'),
  'HTML in one block': repeat('<div>#1 <b>', '<div>\n'),
  'processing instructions': repeat('<?a '),
  declarations: repeat('<!A '),
  'open CDATA': repeat('<![CDATA['),
  // Blocks.
  headings: repeat('# a\n'),
  'relation headings': repeat('# Blocked by\n#1\n'),
  'setext headings': repeat('a\n=\n'),
  'paragraph of lines': repeat('a\n'),
  'lines that wait for an underline': repeat('a\n- '),
  newlines: repeat('\n'),
  'carriage returns': repeat('\r'),
  paragraphs: repeat('#1\n\n'),
  'list items': repeat('- #1\n'),
  'list items with paragraphs': repeat('- #1\n\n  #2\n\n'),
  'ordered items': count((n) => `${n % 1_000_000}. #1\n`),
  'checked items': repeat('- [ ] #1\n'),
  'checked items with words': repeat('- [x] #1 the lock\n'),
  'nested list': growing((n) => `${' '.repeat(2 * (n % 60))}- #1\n`),
  'list in one line': repeat('- '),
  'list in one line with numbers': repeat('1. '),
  'deep list': growing((n) => `${' '.repeat(n * 2)}- a\n`),
  'quotes in one line': repeat('>'),
  'quotes with spaces': repeat('> '),
  'quoted lines': repeat('> #1\n'),
  'quotes of rising depth': growing((n) => `${'>'.repeat(n)} a\n`),
  'lazy quotes': repeat('> a\nb\n'),
  'quotes and lists': repeat('> - '),
  'quotes and lists over lines': repeat('> - a\n'),
  'tables rows': repeat('| #1 | b |\n', '| a | b |\n| - | - |\n'),
  'many tables': repeat('| a |\n| - |\n| #1 |\n\n'),
  'wide table': (length) => {
    const cells = length / 12;
    return `${'| a '.repeat(cells)}|\n${'| - '.repeat(cells)}|\n${'| b '.repeat(cells)}|\n`;
  },
  'wide table with relations': (length) => {
    const cells = Math.floor(length / 30);
    return `${'| Blocked by '.repeat(cells)}|\n${'| - '.repeat(cells)}|\n${'| #1 '.repeat(cells)}|\n`;
  },
  'short rows of a wide table': (length) => {
    const cells = Math.floor(Math.sqrt(length));
    return `${'|a'.repeat(cells)}|\n${'|-'.repeat(cells)}|\n${'|b\n'.repeat(length / 3)}`;
  },
  'pipes alone': repeat('|'),
  'escaped pipes': repeat('\\|', '| a |\n| - |\n| '),
  'lines like a table head': repeat('a | b\n'),
  'fences open': repeat('```\n'),
  'fence without end': repeat('#1\n', '```\n'),
  'tilde fences': repeat('~~~ a\n#1\n~~~\n'),
  'indented code': repeat('    #1\n'),
  'indented code in lists': repeat('-     #1\n'),
  'thematic breaks': repeat('***\n'),
  tabs: repeat('\t'),
  'tabs and words': repeat('\ta\n'),
  spaces: repeat(' ', 'a', 'b'),
  'lines of spaces': repeat('   \n'),
  'spaces before the end of a line': (length) => `a${' '.repeat(length)}\nb`,
  // References.
  numbers: repeat('#1 '),
  'numbers with commas': repeat('#1, '),
  'different numbers': count((n) => `#${n} `),
  'numbers in lines': count((n) => `#${n}\n`),
  'signs of numbers': repeat('#'),
  'repositories and numbers': repeat('acme/lib#1 '),
  'words with slashes': repeat('a/'),
  'long word before a number': (length) => `${'a'.repeat(length)}#1`,
  'long words before numbers': repeat(`${'a'.repeat(199)}#1 `),
  ranges: repeat('#1-#9 '),
  'ranges in a chain': count((n) => `#${n}-`),
  'wide ranges': repeat('#1-#9000 '),
  codes: count((n) => `ABC-${n % 100_000} `),
  'codes with numbers': count((n) => `ABC-${n % 100_000} (#1) `),
  'numbers with codes': count((n) => `#1 ABC-${n % 100_000} `),
  'begin of codes': repeat('A1'),
  'one long code': repeat('A'),
  'own addresses': repeat(`${url}12 `),
  'other addresses': repeat('https://other.test/a/b/pulls/12 '),
  'one long address': (length) => `https://other.test/${'a'.repeat(length)}`,
  'address with signs at its end': (length) => `https://other.test/${')'.repeat(length)}`,
  'address with signs inside': (length) => `https://other.test/${')'.repeat(length)}a`,
  'addresses without end': repeat('http://'),
  // Sentences.
  sentences: repeat('Blocked by #1. '),
  'relations in one sentence': repeat('blocked by #1 '),
  'relations in lines': repeat('Blocked by #1\n'),
  'relations of other directions': repeat('Blocks #1, depends on #2. '),
  questions: repeat('Blocked by #1? '),
  'long question': repeat('blocked by #1 and ', '', '?'),
  conditions: repeat('if not, because #1; '),
  negations: repeat('not '),
  'negated relations': repeat('This is not blocked by #1. '),
  'negations before a relation': repeat('not ', '', 'blocked by #1.'),
  'relations without references': repeat('blocked by '),
  'relations far from references': repeat('depends on a b c d e f #1 '),
  'relations far from anything': repeat('depends on a b c d e f g '),
  'references before verbs': repeat('#1 which still is not really blocked '),
  'references and small words': repeat('#1 also '),
  'references with remarks': repeat('#1 (the lock), '),
  'references with open remarks': repeat('#1 ( '),
  'opening parentheses': repeat('('),
  'quoted references': repeat('"#1" '),
  'open quotation marks': repeat('"blocked by #1 '),
  apostrophes: repeat("'"),
  'quoted relations': repeat('he said "blocked by #1" once. '),
  'order of work': repeat('do not merge before #1 '),
  'ends of work': repeat('once #1 is done we can start '),
  hearsay: repeat('somebody said it is blocked by #1 '),
  'hearsay alone': repeat('somebody always '),
  dashes: repeat('#1 - '),
  'long dashes': repeat('a – '),
  semicolons: repeat('#1; '),
  colons: repeat('Blocked by: #1: '),
  'labels with dashes': repeat('Blocked by - #1 - '),
  dots: repeat('.'),
  'dots and spaces': repeat('. '),
  'exclamation marks': repeat('! '),
  'question marks': repeat('? '),
  'abbreviations ': repeat('e.g. #1 '),
  commas: repeat(', '),
  'one long word': repeat('a'),
  words: repeat('word '),
  'numbers of words': repeat('12 '),
  'parents of issues': repeat('part 2 of #1 '),
  'parts without issues': repeat('part 2 of '),
  'settled things': repeat('it was decided in #1 '),
  'places to read': repeat('see the details in #1 '),
  'lists of context': repeat('- #1 (for context)\n', '## Blocked by\n'),
  // Declared values and instructions.
  'template lines': repeat('Total estimated: 46,800 tokens\n'),
  'template lines in one': repeat('Total estimated: 46,800 tokens, '),
  'labels of values': repeat('Difficulty: '),
  'declared sections': repeat('## Difficulty\neasy\n'),
  'choices of values': repeat('- [ ] easy\n', '## Difficulty\n'),
  'digits with commas': repeat('1,000,', 'Total: '),
  'assigned agents': repeat('Assign to opus. '),
  'words of size': repeat('the size is about '),
  instructions: repeat('ignore all previous instructions '),
  'begin of instructions': repeat('ignore '),
  'set values': repeat('set the output to json '),
  // Characters.
  'invisible characters': repeat('\u200b'),
  'invisible characters in words': repeat('Blo\u00adcked by #\u200b1. '),
  'invisible entities': repeat('Blo&shy;cked by #1. '),
  'no-break spaces': repeat('\u00a0'),
  'wide spaces': repeat('Blocked\u3000by\u00a0#1. '),
  'right-to-left marks': repeat('\u202e#1'),
  'surrogate pairs': repeat('😀'),
  'lone surrogates': repeat('\ud83d'),
  'combining characters': repeat('a\u0301'),
  'null characters': repeat('\0'),
  'private characters': repeat('\ue000'),
  'many scripts': repeat('заблокировано #1 阻止 '),
};

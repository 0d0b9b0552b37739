import type { NewIssue } from './gitea/acts.ts';

/** The repositories of the world, in the order of their ids. */
export const repositories = ['acme/harbor', 'acme/beacon', 'acme/charts'] as const;
export type RepositoryName = (typeof repositories)[number];

/**
 * How the work on an issue goes. `smooth` passes at once, `careful` in the second round, `stubborn` never; `stuck`
 * asks a person, `flaky` gives up without a word, `greedy` spends too much, `reviewed` is sent back by a reviewer, and
 * the pull request of `unwanted` is closed.
 */
export type Temper =
  ('smooth' | 'careful' | 'stubborn' | 'stuck') | ('flaky' | 'greedy' | 'reviewed' | 'unwanted');

type Level = 'low' | 'medium' | 'high';

export interface Sketch {
  readonly title: string;
  /** What it is about, in a sentence or two. */
  readonly why: string;
  readonly files: number;
  readonly level: Level;
  readonly agent?: string;
  readonly total?: number;
  /** Sentences or references after "Blocked by:". */
  readonly after?: string;
  readonly labels?: readonly string[];
  readonly temper?: Temper;
  /** What happens to it before the visitor comes: it is not the bot's, or done. */
  readonly fate?: 'released' | 'done';
}

/** The text of an issue, as a careful author writes it. */
export function textOf({ why, files, level, agent, total, after }: Sketch): string {
  return [
    ...[why, '', '## Context Estimate', ''],
    `- **Files to modify:** ${files}`,
    `- **Implementation complexity:** ${level}`,
    `- **Test requirements:** ${level === 'high' ? 'medium' : level}`,
    '- **Documentation:** light',
    ...(total === undefined
      ? []
      : [`- **Total estimated:** ${total.toLocaleString('en-US')} tokens`]),
    ...(agent === undefined ? [] : [`- **Recommended agent:** ${agent}`]),
    ...['', '## Difficulty', '', level],
    ...(after === undefined ? [] : ['', '## Dependencies', '', `- **Blocked by:** ${after}`]),
    '',
  ].join('\n');
}

export function issueOf(sketch: Sketch): NewIssue {
  const { title, labels = [] } = sketch;
  return { title, body: textOf(sketch), labels };
}

/** Short for the list below. */
function sketch(
  title: string,
  why: string,
  [files, level]: readonly [files: number, level: Level],
  more: Omit<Sketch, 'title' | 'why' | 'files' | 'level'> = {},
): Sketch {
  return { title, why, files, level, ...more };
}

/** What is there when the world begins; the numbers follow from the order, from 1 on. */
export const backlog: Readonly<Record<RepositoryName, readonly Sketch[]>> = {
  'acme/harbor': [
    sketch('Store berths and their lengths', 'Boats are put where they do not fit.', [2, 'low'], {
      fate: 'done',
    }),
    sketch('Sign in harbor masters', 'Everybody can move everybody’s boat.', [3, 'medium'], {
      fate: 'done',
    }),
    sketch('Refuse a boat that is too long', 'The pontoon broke last week.', [2, 'low'], {
      after: '#1',
    }),
    sketch('Plan arrivals by the tide', 'Deep boats can enter for two hours a day.', [2, 'high'], {
      agent: 'opus',
    }),
    sketch(
      'Show today’s arrivals on one page',
      'Masters print three lists each morning.',
      [3, 'medium'],
      { after: '#4' },
    ),
    sketch('Send arrivals to the pilots', 'Pilots telephone to ask.', [2, 'medium'], {
      after: '#5',
    }),
    sketch('Bill berths by the night', 'Bills are written by hand.', [4, 'medium'], {
      after: '#6',
      agent: 'sonnet',
    }),
    sketch('Export bills for the tax office', 'Needed once a year, in January.', [2, 'low'], {
      after: '#7',
    }),
    sketch('Draw the harbor as a map', 'Newcomers do not find their berth.', [3, 'medium'], {
      after: '#10',
    }),
    sketch('Choose berths on the map', 'A list of 300 numbers is no help.', [3, 'medium'], {
      after: '#9',
    }),
    sketch(
      'Remember where regulars like to lie',
      'They ask for the same berth each time.',
      [2, 'low'],
      { after: '#9' },
    ),
    sketch(
      'Rewrite the booking engine',
      'It grew for nine years, and nobody dares to touch it.',
      [38, 'high'],
      { total: 420_000, agent: 'opus' },
    ),
    sketch('Warn of a storm by text message', 'Owners learn of it from the radio.', [3, 'medium'], {
      temper: 'careful',
    }),
    sketch(
      'Translate the forms into French',
      'Half of the guests come from Brittany.',
      [2, 'low'],
      { agent: 'haiku' },
    ),
    sketch(
      'Count electricity by the berth',
      'The bill is shared by all, which nobody likes.',
      [4, 'medium'],
      { temper: 'greedy' },
    ),
    sketch('Choose a font for the signs', 'To be discussed first.', [1, 'low'], {
      fate: 'released',
    }),
  ],
  'acme/beacon': [
    sketch(
      'Read the buoys every minute',
      'The reader stops when one buoy is silent.',
      [2, 'medium'],
      { fate: 'done' },
    ),
    sketch('Keep readings for a year', 'The disk is full every spring.', [2, 'low'], {
      fate: 'done',
    }),
    sketch('Alarm when a light is out', 'Found by a fisherman, twice.', [2, 'high'], {
      agent: 'opus',
      temper: 'reviewed',
    }),
    sketch('Alarm by radio as well', 'There is no network beyond the cape.', [2, 'high'], {
      after: '#3',
      agent: 'opus',
    }),
    sketch(
      'Retry a buoy that does not answer',
      'One lost packet is an alarm today.',
      [2, 'medium'],
      { temper: 'stubborn' },
    ),
    sketch('Measure the height of waves', 'The sensor is there, nobody reads it.', [3, 'medium'], {
      after: '#5',
    }),
    sketch('Show the battery of each buoy', 'Batteries are changed when it is too late.', [
      2,
      'low',
    ]),
    sketch('Order batteries before they are empty', 'Delivery takes three weeks.', [2, 'low'], {
      after: '#7 and acme/harbor#7',
    }),
    sketch('Move the lights to the new protocol', 'The maker ends support in March.', [2, 'high'], {
      labels: ['on hold'],
    }),
    sketch('Simulate a season of readings', 'Tests need a storm, and it is July.', [3, 'medium'], {
      temper: 'unwanted',
    }),
    sketch('Replace the radio stack', 'The maker of the old one is gone.', [2, 'high'], {
      agent: 'opus',
    }),
    sketch('Write down how alarms are raised', 'Only Tom knows.', [1, 'low'], { agent: 'haiku' }),
    sketch('Publish readings for sailors', 'They ask for them by letter.', [3, 'medium'], {
      after: 'acme/weather#4',
    }),
    sketch('Sort alarms by urgency', 'The list begins with the oldest.', [2, 'low']),
  ],
  'acme/charts': [
    sketch('Read soundings of the survey', 'Files of the survey ship are 4 GB each.', [
      3,
      'medium',
    ]),
    sketch('Draw depth contours', 'Numbers alone are hard to read at sea.', [2, 'high'], {
      agent: 'opus',
      temper: 'careful',
    }),
    sketch('Draw contours at night', 'White paper blinds the helmsman.', [2, 'medium'], {
      after: '#2',
    }),
    sketch('Mark wrecks', 'Two anchors were lost.', [2, 'low'], { temper: 'flaky' }),
    sketch('Print a chart on one sheet', 'Printers cut the legend off.', [2, 'medium'], {
      temper: 'stuck',
    }),
    sketch('Compress charts for the phone', 'Downloads take an hour in the bay.', [3, 'medium'], {
      after: '#5',
    }),
    sketch('Check charts against last year’s', 'A shoal went missing in 2024.', [2, 'high'], {
      agent: 'opus',
    }),
    sketch('Explain the symbols', 'Guests take the anchor for a harbor.', [1, 'low'], {
      agent: 'haiku',
    }),
    sketch('Let skippers report errors', 'They write on the back of the chart.', [3, 'medium']),
    sketch('Thank skippers who reported', 'Nobody hears from us again.', [1, 'low'], {
      after: '#9',
      agent: 'haiku',
    }),
  ],
};

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { ownCommentMarker } from '../../src/issue/own-marks.ts';
import { parseDelivery, PayloadError, type ParsedDelivery } from '../../src/webhook/payload.ts';
import { issuePayload, recording, type PayloadChanges } from '../support/recordings.ts';
import { anyText, containing } from '../support/matching.ts';

const bot = 'coordinator-bot';

function parse(payload: unknown, event = 'issues', knownBot?: string): ParsedDelivery {
  return parseDelivery(event, Buffer.from(JSON.stringify(payload)), knownBot);
}

/** The kind of the event, or why it is ignored. */
function outcome(parsed: ParsedDelivery): string {
  if (parsed.kind === 'labels_by_bot') return `by the bot: ${parsed.labels.join()}`;
  return parsed.kind === 'ignored' ? `ignored: ${parsed.reason}` : parsed.event.kind;
}

const actions: [string, string][] = [
  ['opened', 'opened'],
  ['edited', 'edited'],
  ['closed', 'closed'],
  ['reopened', 'reopened'],
  ['deleted', 'deleted'],
  ['assigned', 'assigned'],
  ['unassigned', 'unassigned'],
  ['label_updated', 'labelled'],
  ['label_cleared', 'labelled'],
  ['milestoned', 'milestoned'],
  ['demilestoned', 'milestoned'],
  ['pinned', 'ignored: action pinned changes no plan'],
  ['transferred', 'ignored: action transferred changes no plan'],
  ['Assigned', 'ignored: action Assigned changes no plan'],
  ['', 'ignored: action  changes no plan'],
  ['constructor', 'ignored: action constructor changes no plan'],
  ['x'.repeat(100), `ignored: action ${'x'.repeat(60)} changes no plan`],
];

describe('events and actions', () => {
  test.each(actions)('issues, action "%s": %s', (action, expected) => {
    expect(outcome(parse(issuePayload({ action })))).toBe(expected);
  });

  test.each(['created', 'edited', 'deleted'])('a comment %s is a refresh', (action) => {
    const payload = issuePayload({ action, comment: 'Looks good.' });
    expect(outcome(parse(payload, 'issue_comment'))).toBe('commented');
  });

  test.each(['push', 'pull_request', 'release', 'repository'])(
    'the event "%s" is not about issues',
    (event) => {
      expect(outcome(parse({}, event))).toBe(`ignored: event ${event} is not about issues`);
    },
  );

  test.each(['Issues', 'issues ', 'issues, issues', 'push, push', 'x'.repeat(61), '<b>'])(
    'the event "%s" is not the name of one, so it is refused and not ignored',
    (event) => {
      expect(() => parse(issuePayload(), event)).toThrow('not the name of one event');
    },
  );

  test.each([
    ['an issue with pull_request', { pull_request: { merged: false } }, {}],
    ['an empty pull_request', { pull_request: {} }, {}],
    ['is_pull', {}, { is_pull: true }],
  ])('%s is ignored', (_name, inIssue, inPayload) => {
    const payload = issuePayload({ action: 'created', comment: 'hello' });
    const issue = z.looseObject({}).parse(payload['issue']);
    const changed = { ...payload, ...inPayload, issue: { ...issue, ...inIssue } };
    expect(outcome(parse(changed, 'issue_comment'))).toBe('ignored: about a pull request');
  });

  test('the header must fit the body: it is not signed', () => {
    expect(() => parse(issuePayload(), 'issue_comment')).toThrow(PayloadError);
    expect(() => parse(issuePayload({ comment: 'hello' }), 'issues')).toThrow(PayloadError);
    expect(() => parse(issuePayload(), '')).toThrow('no X-Gitea-Event header');
  });
});

function labels(changes: PayloadChanges) {
  const parsed = parse(issuePayload(changes));
  return parsed.kind === 'event' ? parsed.event.issue.labels : parsed.kind;
}

describe('labels', () => {
  const rows: [string, string[] | null, string[] | null][] = [
    ['label_cleared', ['old', 'older'], []],
    ['label_cleared', null, []],
    ['label_updated', [], null],
    ['label_updated', null, null],
    ['label_updated', ['bug'], ['bug']],
    ['edited', [], []],
    ['edited', null, []],
    ['assigned', ['bug', 'size/M'], ['bug', 'size/M']],
    ['label_updated', ['coordinator/ready'], []],
    ['closed', ['coordinator/ready', 'bug', 'not/coordinator/x'], ['bug', 'not/coordinator/x']],
  ];
  test.each(rows)('%s with %j is understood as %j', (action, given, understood) => {
    expect(labels({ action, labels: given })).toEqual(understood);
  });
});

describe('what the bot did itself', () => {
  const label = { action: 'label_updated', labels: ['bug', 'coordinator/ready'] };
  const marked = { action: 'created', comment: `${ownCommentMarker}\nPlan` };
  const rows: [string, PayloadChanges, string | undefined, string][] = [
    ['our label by the bot', { ...label, sender: bot }, bot, 'by the bot: bug,coordinator/ready'],
    [
      'our label by the bot, other case',
      { ...label, sender: 'Coordinator-Bot' },
      bot,
      'by the bot: bug,coordinator/ready',
    ],
    ['our label by the bot, bot not known', { ...label, sender: bot }, undefined, 'labelled'],
    ['our label by a person', { ...label, sender: 'maria' }, bot, 'labelled'],
    [
      'another label by the bot',
      { action: 'label_updated', labels: ['bug'], sender: bot },
      bot,
      'by the bot: bug',
    ],
    [
      'no label by the bot',
      { action: 'label_updated', labels: null, sender: bot },
      bot,
      'by the bot: ',
    ],
    [
      'all labels removed by the bot',
      { ...label, action: 'label_cleared', sender: bot },
      bot,
      'labelled',
    ],
    ['our comment by the bot', { ...marked, sender: bot }, bot, 'ignored: our own comment'],
    [
      'our comment edited by the bot',
      { ...marked, action: 'edited', sender: bot },
      bot,
      'ignored: our own comment',
    ],
    [
      'our comment deleted by the bot',
      { ...marked, action: 'deleted', sender: bot },
      bot,
      'commented',
    ],
    ['our comment by the bot, bot not known', { ...marked, sender: bot }, undefined, 'commented'],
    ['our comment quoted by a person', { ...marked, sender: 'tom' }, bot, 'commented'],
    [
      'our comment quoted by the bot',
      { action: 'created', comment: `Done.\n\n> ${ownCommentMarker}`, sender: bot },
      bot,
      'commented',
    ],
    [
      'another comment by the bot',
      { action: 'created', comment: 'Hi', sender: bot },
      bot,
      'commented',
    ],
    ['closed by the bot', { ...label, action: 'closed', open: false, sender: bot }, bot, 'closed'],
    ['edited by the bot', { ...label, action: 'edited', sender: bot }, bot, 'edited'],
  ];
  test.each(rows)('%s', (_name, changes, knownBot, expected) => {
    const event = changes.comment === undefined ? 'issues' : 'issue_comment';
    expect(outcome(parse(issuePayload(changes), event, knownBot))).toBe(expected);
  });

  test('is only known where the payload names a sender', () => {
    const payload = { ...issuePayload(label), sender: null };
    expect(outcome(parse(payload, 'issues', bot))).toBe('labelled');
  });
});

describe('the snapshot', () => {
  test('holds the fields we use and no others', () => {
    const { body } = recording('issues-assigned-second-person');
    expect(parseDelivery('issues', body, undefined)).toEqual({
      kind: 'event',
      event: {
        kind: 'assigned',
        issue: {
          repositoryId: 2,
          repository: 'acme/orbit',
          number: 5,
          title: anyText,
          body: containing('## Context Estimate'),
          bodyCut: false,
          open: true,
          assignees: [bot, 'tom'],
          labels: ['enhancement'],
          updatedAt: Date.parse('2026-11-23T09:20:20Z'),
          repositoryFacts: { archived: false, visibility: 'private' },
        },
      },
    });
  });

  test.each([
    [1_000_000, false],
    [1_000_001, true],
  ])('a text of %d characters is cut: %s', (length, bodyCut) => {
    const parsed = parse(issuePayload({ body: 'x'.repeat(length) }));
    expect(parsed).toMatchObject({ event: { issue: { bodyCut } } });
    expect(parsed.kind === 'event' && parsed.event.issue.body.length).toBe(1_000_000);
  });

  test('a depth of 60 levels passes, and one of 100 does not', () => {
    const nested = (levels: number): unknown =>
      JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(outcome(parse({ ...issuePayload(), deep: nested(60) }))).toBe('assigned');
    expect(() => parse({ ...issuePayload(), deep: nested(100) })).toThrow('nests deeper');
  });
});

/** Understood, ignored or refused by a `PayloadError`; anything else thrown fails the property. */
function understand(event: string, bytes: Buffer): boolean {
  try {
    parseDelivery(event, bytes, bot);
    return true;
  } catch (error) {
    if (error instanceof PayloadError) return true;
    throw error;
  }
}

type Path = readonly (string | number)[];

/** The paths of every value in a JSON value, outermost first. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]));
  return [path, ...inner];
}

function replaceAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((child: unknown, index) =>
      index === Number(key) ? replaceAt(child, rest, replacement) : child,
    );
  const record = z.record(z.string(), z.unknown()).parse(value);
  return { ...record, [key]: replaceAt(record[key], rest, replacement) };
}

describe('hostile payloads', () => {
  const events = fc.constantFrom('issues', 'issue_comment', 'push', '');

  test('whatever stands at any place of a recorded payload, nothing but a PayloadError is thrown', () => {
    const payload: unknown = JSON.parse(
      recording('issue-comment-created-on-issue').body.toString(),
    );
    const places = fc.constantFrom(...pathsOf(payload));
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        undefined,
        null,
        '',
        -1,
        2 ** 53,
        1.5,
        [],
        {},
        [null],
        '0001-01-01T00:00:00Z',
      ),
    );
    fc.assert(
      fc.property(
        events,
        fc.array(fc.tuple(places, values), { maxLength: 3 }),
        (event, changes) => {
          let changed = payload;
          for (const [path, value] of changes) {
            if (pathsOf(changed).some((other) => other.join('/') === path.join('/')))
              changed = replaceAt(changed, path, value);
          }
          return understand(event, Buffer.from(JSON.stringify([changed]).slice(1, -1)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('whichever bytes of a recorded payload differ, nothing but a PayloadError is thrown', () => {
    const { body } = recording('issues-assigned-bot');
    const flips = fc.array(fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 })));
    fc.assert(
      fc.property(events, flips, fc.nat(body.length), (event, changes, length) => {
        const bytes = Buffer.from(body);
        for (const [index, byte] of changes) bytes[index] = byte;
        return understand(event, bytes) && understand(event, bytes.subarray(0, length));
      }),
      { numRuns: 500 },
    );
  });

  test('no bytes at all throw anything but a PayloadError', () => {
    fc.assert(
      fc.property(events, fc.uint8Array({ maxLength: 200 }), (event, bytes) =>
        understand(event, Buffer.from(bytes)),
      ),
      { numRuns: 500 },
    );
  });
});

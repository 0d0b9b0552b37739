import { readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { AgentEvent, AgentExit } from '../../../src/work/adapters/adapter.ts';
import { createClaude } from '../../../src/work/adapters/claude.ts';

const claude = createClaude();
const fixtures = new URL('../../fixtures/claude-code/', import.meta.url);

function linesOf(name: string): string[] {
  return readFileSync(new URL(`${name}.jsonl`, fixtures), 'utf8')
    .trimEnd()
    .split('\n');
}

const plainExit: AgentExit = { code: 0, signal: null, stderr: '' };

/** Plays lines, and returns what the reader said of them and of the exit. */
function play(lines: readonly string[], exit: Partial<AgentExit> = {}) {
  const reader = claude.createReader();
  const events = lines.flatMap((line) => reader.read(line));
  return { events, end: reader.judge({ ...plainExit, ...exit }) };
}

function last<K extends AgentEvent['kind']>(events: readonly AgentEvent[], kind: K) {
  return events.findLast((event): event is Extract<AgentEvent, { kind: K }> => event.kind === kind);
}

/** Exit code, outcome; context in use at the end, its window, how often it was told; ends of turns; tokens spent. */
const recordings = [
  ['stream-background-shell', 0, 'completed', 12_927, 1_000_000, 4, 2, 50_762],
  // The window that the table says is corrected by the result; the fall by the compaction is told, too.
  ['stream-compaction', 0, 'completed', 20_000, 200_000, 5, 1, 304_206],
  ['stream-fix-and-commit', 0, 'completed', 30_000, 1_000_000, 5, 1, 130_202],
  ['stream-hand-over', 0, 'completed', 955_000, 1_000_000, 6, 1, 5_123_217],
  ['stream-max-turns', 1, 'max_turns', 12_543, 1_000_000, 2, 1, 25_070],
  ['stream-mcp', 0, 'completed', 12_552, 1_000_000, 2, 1, 25_072],
  ['stream-permission-denied', 0, 'permission_denied', 12_629, 1_000_000, 3, 1, 37_733],
  ['stream-rate-limit-key', 1, 'limited', undefined, undefined, 0, 1, 0],
  ['stream-refusal', 1, 'refused_by_model', undefined, undefined, 0, 1, 37_567],
  ['stream-refused-then-fixed', 0, 'completed', 30_000, 1_000_000, 4, 1, 108_124],
  ['stream-retries', 0, 'completed', 12_477, 1_000_000, 1, 1, 12_485],
  ['stream-sigint', 0, 'interrupted', 12_477, 1_000_000, 1, 1, 12_504],
  ['stream-sigterm', 143, 'killed', 12_477, 1_000_000, 1, 0, 12_477],
  ['stream-stop-block-cap', 0, 'completed', 13_837, 1_000_000, 9, 1, 118_503],
  // Three answers of ours; those of the subagent, with 100,000 in use, are spent, and no context of ours.
  ['stream-subagent', 0, 'completed', 13_182, 1_000_000, 3, 2, 238_567],
  ['stream-usage-limit-subscription', 1, 'limited', 12_478, 1_000_000, 1, 1, 12_503],
] as const;

describe('recorded streams', () => {
  test('are all in the table', () => {
    const files = readdirSync(fixtures).filter((name) => name.endsWith('.jsonl'));
    expect(recordings.map(([name]) => `${name}.jsonl`)).toEqual(files.toSorted());
  });

  test.each(recordings)('%s, exit %s: %s', (name, code, outcome, ...figures) => {
    const { events, end } = play(linesOf(name), { code });
    const count = (kind: AgentEvent['kind']) =>
      events.filter((event) => event.kind === kind).length;
    const context = last(events, 'context');
    expect(end.outcome).toBe(outcome);
    expect([
      ...[context?.used, context?.window, count('context'), count('turn_ended')],
      last(events, 'spent')?.spent.tokens,
    ]).toEqual(figures);
    expect(end.session).toBe(last(events, 'session')?.session);
  });

  test('tell what it says, which tools run, what it costs, and when a limit ends', () => {
    const { events, end } = play(linesOf('stream-fix-and-commit'));
    expect(end.text).toBe('Fixed: sum() adds now, the test passes, and it is committed.');
    expect(last(events, 'spent')?.spent.costUsd).toBeCloseTo(0.0589, 4);
    expect(last(events, 'context')?.compactsAt).toBe(967_000);
    const started = events.flatMap((event) => (event.kind === 'tool_started' ? event.name : []));
    expect(started).toEqual(['Read', 'Edit', 'Bash', 'Bash']);
    const open = new Set<string>();
    for (const event of events)
      if (event.kind === 'tool_started') open.add(event.id);
      else if (event.kind === 'tool_ended') expect(open.delete(event.id)).toBe(true);
    expect(open).toEqual(new Set());

    const limit = play(linesOf('stream-usage-limit-subscription'), { code: 1 });
    expect(limit.end.limitedUntil).toBe(Date.parse('2026-11-29T13:40:05Z'));
    expect(play(linesOf('stream-rate-limit-key'), { code: 1 }).end.limitedUntil).toBeUndefined();
  });

  test('tell for the log what went wrong on the way', () => {
    const notices = recordings.flatMap(([name]) =>
      play(linesOf(name)).events.flatMap((event) => (event.kind === 'notice' ? event.text : [])),
    );
    expect(notices.map((text) => text.slice(0, 90))).toMatchInlineSnapshot(`
      [
        "It compacted its context: 170033 tokens before, 2742 after.",
        "The tool Write was denied.",
        "Opus 5.5's safeguards stopped the response above · continuing once with that noted",
        "Opus 5.5's safeguards flagged this session. You may be seeing this for the first time: Opu",
        "The API answered 529 overloaded; retry 1.",
        "The API answered 429 rate_limit; retry 2.",
        "A hook blocked the turn from ending 9 consecutive times—overriding and ending turn. For St",
        "five_hour: allowed_warning",
        "five_hour: rejected",
      ]
    `);
  });

  test('keep the last words when the result has none', () => {
    expect(play(linesOf('stream-stop-block-cap')).end.text).not.toBe('');
  });
});

test('any beginning of a stream and any garbage in it is read without an error', () => {
  const lines = recordings.flatMap(([name]) => linesOf(name));
  const reader = claude.createReader();
  for (const line of lines) expect(reader.read(line.slice(0, -1))).toEqual([]);
  const damaged = fc
    .record({
      line: fc.constantFrom(...lines),
      at: fc.nat(),
      other: fc.oneof(fc.json(), fc.string()),
    })
    .map(({ line, at, other }) => {
      const value = line.indexOf(':', at % line.length) + 1;
      return line.slice(0, value) + other + line.slice(line.indexOf(',', value));
    });
  fc.assert(
    fc.property(fc.array(fc.oneof(damaged, fc.json(), fc.string()), { maxLength: 20 }), (some) => {
      const { events, end } = play(some);
      expect(end.text.length).toBeLessThanOrEqual(20_000);
      for (const event of events)
        if (event.kind === 'context') expect(event.used).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 50 },
  );
});

describe('the command line', () => {
  const start = { prompt: 'Fix "it".\n', home: '/home/x', directory: '/repo', resume: false };

  test('keeps the prompt out, and hooks and servers of the repository', () => {
    const { args, input, environment, files } = claude.start({
      ...start,
      session: 'u-1',
      model: 'opus',
    });
    expect(args).toMatchInlineSnapshot(`
      [
        "-p",
        "--verbose",
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
        "--replay-user-messages",
        "--session-id",
        "u-1",
        "--model",
        "opus",
        "--permission-mode",
        "acceptEdits",
        "--allowedTools",
        "Bash,Edit,Write,NotebookEdit",
        "--disallowedTools",
        "Bash(git push),Bash(git push *),EnterWorktree,CronCreate,ScheduleWakeup",
        "--setting-sources",
        "user",
        "--strict-mcp-config",
        "--settings",
        "/home/x/claude-settings.json",
      ]
    `);
    expect(JSON.parse(input)).toEqual({
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text: start.prompt }] },
    });
    expect(input.endsWith('\n')).toBe(true);
    expect(environment).toMatchInlineSnapshot(`
      {
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "4",
        "CLAUDE_CODE_TMPDIR": "/home/x/tmp",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_TELEMETRY": "1",
      }
    `);
    expect(files).toMatchInlineSnapshot(`
      {
        "claude-settings.json": "{"attribution":{"commit":"","pr":""}}
      ",
      }
    `);
  });

  test('resumes a session, and lets settings of the project in when they are wanted', () => {
    const { args } = claude.start({
      ...{ ...start, session: 'u-1', resume: true, projectSettings: true },
      ...{ maxTurns: 9, maxCostUsd: 1.5, instructionsFile: '/home/x/instructions.md' },
    });
    const options = args.join(' ');
    expect(options).toContain('--resume u-1');
    expect(options).toContain('--max-turns 9 --max-budget-usd 1.500000');
    expect(options).toContain('--append-system-prompt-file /home/x/instructions.md');
    expect(options).not.toMatch(/--session-id|--setting-sources|--strict-mcp-config/);
  });
});

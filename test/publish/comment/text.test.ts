import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commentText } from '../../../src/publish/comment/text.ts';
import { ownCommentMarker } from '../../../src/issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../../src/issue/plan.ts';
import { states } from '../../../src/issue/state.ts';
import { planOf } from './ready-plan.ts';

const tell = (given: Partial<Plan> = {}) => commentText(planOf(given));

function edge(ref: string, state: PlanEdge['state'], source: PlanEdge['source'] = 'declared') {
  return { ref, state, source, evidence: `Blocked by: ${ref} @maria <img src=x>` };
}

describe('what people see', () => {
  it('of a ready issue', () => {
    expect(tell()).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Ready.** Nothing is in the way: \`sonnet\` can start.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ Edit the issue to have it planned anew. Put the label \`agent:NAME\` on it to choose the agent. Unassign the bot to take the issue back.
      "
    `);
  });

  it('of one that waited for others', () => {
    const blockedBy = [edge('acme/orbit#12', 'closed'), edge('acme/orbit#13', 'closed')];
    expect(tell({ blockedBy })).toContain('**Waited for**\n\n- acme/orbit&#35;12');
  });

  it('of one that waits for a single issue', () => {
    const reason = { code: 'open_blockers', text: 'Waits for acme/orbit#12, which is open.' };
    const blockedBy = [edge('acme/orbit#12', 'open')];
    expect(tell({ state: 'blocked', reason, blockedBy })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for acme/orbit&#35;12, which is open.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ It goes on when that issue is closed. If it does not have to wait, take the dependency out of the text or off the issue.
      "
    `);
  });

  it('of one that waits for several, the open ones first', () => {
    const reason = { code: 'open_blockers', text: 'Waits for ...' };
    const blockedBy = [
      edge('acme/orbit#12', 'closed'),
      edge('my_org/some.repo#7', 'open', 'gitea'),
      edge('acme/lib#3', 'unknown'),
      edge('acme/orbit#13', 'open', 'model'),
    ];
    expect(tell({ state: 'blocked', reason, blockedBy })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for 2 issues that are open.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      **Waits for**

      - my\\_org/some.repo&#35;7: open
      - acme/orbit&#35;13: open, as Claude reads the text
      - acme/lib&#35;3: nothing is known of it
      - acme/orbit&#35;12: closed

      _How to change it:_ It goes on when the last of them is closed. If it does not have to wait, take the dependency out of the text or off the issue.
      "
    `);
  });

  it('of one that waits for what nobody has told of', () => {
    const reason = { code: 'unknown_blockers', text: 'Waits for acme/lib#3, of which ...' };
    const blockedBy = [edge('acme/lib#3', 'unknown')];
    const warnings = [
      { code: 'target_unreadable', text: 'The bot cannot read acme/lib#3 on Gitea, or ...' },
    ];
    expect(tell({ state: 'blocked', reason, blockedBy, warnings })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for an issue of which nothing is known.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      **Waits for**

      - acme/lib&#35;3: nothing is known of it

      **Please note**

      - The bot cannot read an issue this one waits for, or there is none. (\`acme/lib#3\`)

      _How to change it:_ Let the bot read what it waits for. If it does not have to wait, take the dependency out of the text or off the issue.
      "
    `);
  });

  it('of one that waits for an issue the bot may not see', () => {
    const reason = { code: 'hidden_blocker', text: 'Waits for 1 issue that the bot cannot read.' };
    expect(tell({ state: 'blocked', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for an issue that the bot may not see.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ Give the bot access to the repository of that issue, or take the dependency off this one.
      "
    `);
  });

  it('of one that waits for itself', () => {
    const text =
      'Waits for itself in a circle: acme/orbit#42 → acme/orbit#43 → acme/lib#1 → acme/orbit#42.';
    const blockedBy = [edge('acme/orbit#43', 'open')];
    expect(tell({ state: 'blocked', reason: { code: 'cycle', text }, blockedBy }))
      .toMatchInlineSnapshot(`
        "<!-- mosaic-coordinator -->
        **Blocked.** Waits for itself in a circle: acme/orbit&#35;42 → acme/orbit&#35;43 → acme/lib&#35;1 → …

        | Context needed | Difficulty | Agent |
        | --- | --- | --- |
        | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

        _How to change it:_ Take one of these dependencies out of the text or off the issue.
        "
      `);
  });

  it('of one that no agent takes', () => {
    const reason = {
      code: 'no_agent_fits',
      text: 'No enabled agent takes 900,000 tokens at medium difficulty: split it into 2 (at most 500,000 tokens fit opus).',
    };
    const assignment = { agent: null, reason };
    expect(tell({ state: 'oversized', reason, assignment })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Too large.** No agent takes an issue of this size and difficulty.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | none fits |

      _How to change it:_ Split it into 2 issues of at most 500,000 tokens each, or correct the size and difficulty it declares.
      "
    `);
  });

  it('of one at work', () => {
    const reason = { code: 'claimed', text: 'runner-1 works on it as opus.' };
    const warnings = [
      { code: 'blocker_open', text: 'acme/orbit#12, which this issue waits for, is open, but ...' },
    ];
    const blockedBy = [edge('acme/orbit#12', 'open')];
    expect(tell({ state: 'in_progress', reason, blockedBy, warnings })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **In progress.** \`opus\` works on it.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      **Waits for**

      - acme/orbit&#35;12: open

      **Please note**

      - What it waits for is open again, but an agent has begun. (\`acme/orbit#12\`)

      _How to change it:_ Close or unassign the issue to take it from the agent.
      "
    `);
  });

  it('of one whose agent is stuck, without the words of the agent', () => {
    const reason = {
      code: 'worker_blocked',
      text: 'runner-1, at work as opus, is stuck: "Ask @maria ![](x)" Change the issue, or resume it.',
    };
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** An agent is stuck. An operator can see why in the list of issues.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ Edit the issue, or have an operator resume it, to give it to an agent again.
      "
    `);
  });

  it('of one that is said to be completed', () => {
    const reason = {
      code: 'awaiting_verification',
      text: 'runner-1 says that 3f2c1ab completes it: verify that and close the issue, or resume it.',
    };
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** An agent says that it has completed it with \`3f2c1ab\`: somebody has to look at that.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ Close the issue if it is done. Otherwise have an operator resume it.
      "
    `);
  });

  it('of one that agents have given up', () => {
    const text = '3 attempts failed; of the last one, by runner-1 as opus, its lease ran out. ...';
    const reason = { code: 'failed_attempts', text };
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** 3 attempts of agents have failed.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change it:_ Edit the issue, or have an operator resume it, to give it to an agent again.
      "
    `);
  });

  it('of a closed one', () => {
    const reason = { code: 'closed', text: 'Closed on Gitea.' };
    expect(tell({ state: 'done', open: false, reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Done.** The issue is closed.

      _How to change it:_ Reopen it to have it planned again.
      "
    `);
  });

  it('of one taken from the bot', () => {
    const reason = { code: 'not_assigned', text: 'Not assigned to the bot.' };
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'released', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Not planned.** The issue is not assigned to the bot.

      _How to change it:_ Assign it to the bot to have it planned again.
      "
    `);
  });

  it('of one that was not read yet', () => {
    const reason = { code: 'not_read', text: 'Assigned to the bot, not read yet.' };
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'received', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Received.** It has not been read yet.
      "
    `);
  });

  it('of what an older version stored under other codes', () => {
    const told = tell({
      reason: { code: 'not_of_this_version', text: '@maria' },
      warnings: [
        { code: 'neither_is_this', text: '@maria' },
        { code: 'constructor', text: '@maria' },
        { code: '`@maria`', text: '@maria' },
      ],
    });
    expect(told).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Ready.** The reason is \`not_of_this_version\`.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      **Please note**

      - Warning \`neither_is_this\`.
      - Warning \`constructor\`.
      - Warning \`unknown\`.

      _How to change it:_ Edit the issue to have it planned anew.
      "
    `);
  });

  it('of a long list, so much as one reads', () => {
    const reason = { code: 'open_blockers', text: 'Waits for ...' };
    const blockedBy = Array.from({ length: 60 }, (_, index) => edge(`acme/o#${index + 1}`, 'open'));
    const lines = tell({ state: 'blocked', reason, blockedBy }).split('\n');
    expect(lines.filter((line) => line.startsWith('- '))).toHaveLength(21);
    expect(lines).toContain('- and 40 more');
    expect(lines[1]).toBe('**Blocked.** Waits for 60 issues that are open.');
  });
});

describe('links', () => {
  const reason = { code: 'open_blockers', text: 'Waits for ...' };

  it.each(['<b>/a#1', 'acme/a#1 @maria', `${'a'.repeat(200)}/b#1`, 'acme/a#0'])(
    'are not made of %s',
    (ref) => {
      const blockedBy = [edge(ref, 'open')];
      expect(tell({ state: 'blocked', reason, blockedBy })).toContain(
        'Waits for an issue whose name cannot be shown, which is open.',
      );
    },
  );
});

describe('whatever a plan holds', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '@maria',
      '<!-- x -->',
      '<img src=x onerror=alert(1)>',
      '![a](http://x)',
      '\u202Eevil',
      '](javascript:alert(1))',
      '``` @maria',
      'split it into 9 (at most 1,000 tokens @maria',
      ' as @maria.',
      ' that deadbeef@ completes it',
      '\u0000\u0007\u200B',
      'a/b#1 @c/d#2',
      '__proto__',
    ),
    fc.string({ minLength: 5_000, maxLength: 9_000 }),
  );
  const knownCodes = fc.constantFrom(
    ...['ready', 'open_blockers', 'unknown_blockers', 'hidden_blocker', 'cycle', 'no_agent_fits'],
    ...['claimed', 'awaiting_verification', 'worker_blocked', 'failed_attempts', 'closed'],
    ...['target_missing', 'contradiction', 'blocker_open', 'label_agent', 'cheapest_fit'],
  );
  const code = fc.oneof(knownCodes, hostile);
  const coded = fc.record({ code, text: hostile });
  const ref = fc.oneof(
    hostile,
    fc.stringMatching(/^[\w.-]{1,140}\/[\w.-]{1,140}#[1-9]\d{0,14}$/),
    fc.constantFrom('__a__/_b_#1', '--/..#2', 'www.x.test/a#3', '-/-#4'),
  );
  const planEdge = fc.record({
    ref,
    state: fc.constantFrom('open', 'closed', 'unknown'),
    source: fc.constantFrom('declared', 'model', 'gitea'),
    evidence: hostile,
  });
  const plans: fc.Arbitrary<Plan> = fc
    .record({
      ref,
      title: hostile,
      url: hostile,
      state: fc.constantFrom(...states),
      reason: coded,
      blockedBy: fc.array(planEdge, { maxLength: 40 }),
      blocks: fc.array(planEdge, { maxLength: 3 }),
      assignment: fc.option(fc.record({ agent: fc.option(hostile), reason: coded })),
      warnings: fc.array(coded, { maxLength: 40 }),
      updatedAt: hostile,
    })
    .map(planOf);

  it('no mention, no image, no HTML but the marker, nothing invisible, and never long', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const told = commentText(plan);
        expect(told.startsWith(`${ownCommentMarker}\n**`)).toBe(true);
        const rest = told.slice(ownCommentMarker.length);
        expect(rest).not.toMatch(/[@<>]|&(?!#35;)|!\[|javascript:/);
        expect(rest).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(Buffer.byteLength(told)).toBeLessThan(8_192);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it('the same for the same plan, whatever its evidence, title and time', () => {
    fc.assert(
      fc.property(plans, hostile, (plan, other) => {
        const blockedBy = plan.blockedBy.map((each) => ({ ...each, evidence: other }));
        const same = { ...plan, title: other, updatedAt: other, blockedBy };
        expect(commentText(same)).toBe(commentText(plan));
      }),
    );
  });

  it('no reference that Gitea takes for one, and none that is not', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const bare = commentText(plan).replace(/`[^`]*`/g, '');
        expect(bare.replaceAll('&#35;', '')).not.toMatch(/#|!\d|https?:\/\/|\]\(/);
      }),
    );
  });
});

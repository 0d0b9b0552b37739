import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commentText } from '../../../src/publish/comment/text.ts';
import { ownCommentMarker } from '../../../src/issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../../src/issue/plan.ts';
import {
  chosenAgentSchema,
  stateReasonSchema,
  type NoFit,
  type StateReason,
} from '../../../src/issue/reasons.ts';
import { states } from '../../../src/issue/state.ts';
import { warningSchema, type Warning } from '../../../src/issue/warnings.ts';
import { arbitraryOf } from '../../support/arbitrary-of.ts';
import { planOf } from './ready-plan.ts';

const tell = (given: Partial<Plan> = {}) => commentText(planOf(given));

function edge(ref: string, state: PlanEdge['state'], source: PlanEdge['source'] = 'declared') {
  return { ref, state, source, evidence: `Blocked by: ${ref} @maria <img src=x>` };
}

/** Typed where it stands alone. */
function reasonOf(reason: StateReason): StateReason {
  return reason;
}

function openBlockers(...refs: readonly string[]): StateReason {
  return { code: 'open_blockers', params: { refs, more: 0 } };
}

describe('what people see', () => {
  it('of a ready issue', () => {
    expect(tell()).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Ready.** Nothing is in the way: \`sonnet\` can start.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ Edit the issue to have it planned again. Add the label \`agent:NAME\` to choose the agent. Unassign the bot to take the issue back.
      "
    `);
  });

  it('of one that waited for others', () => {
    const blockedBy = [edge('acme/orbit#12', 'closed'), edge('acme/orbit#13', 'closed')];
    expect(tell({ blockedBy })).toContain('**Waited for**\n\n- acme/orbit&#35;12');
  });

  it('of one that waits for a single issue', () => {
    const reason = openBlockers('acme/orbit#12');
    const blockedBy = [edge('acme/orbit#12', 'open')];
    expect(tell({ state: 'blocked', reason, blockedBy })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for acme/orbit&#35;12, which is open.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ It continues when that issue is closed. If it does not have to wait, remove the dependency from the text or from the issue.
      "
    `);
  });

  it('of one that waits for several, the open ones first', () => {
    const reason = openBlockers('acme/orbit#12');
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
      - acme/lib&#35;3: state not known
      - acme/orbit&#35;12: closed

      _How to change this:_ It continues when the last of them is closed. If it does not have to wait, remove the dependency from the text or from the issue.
      "
    `);
  });

  it('of one that waits for what nobody has told of', () => {
    const reason = reasonOf({
      code: 'unknown_blockers',
      params: { refs: ['acme/lib#3'], more: 0 },
    });
    const blockedBy = [edge('acme/lib#3', 'unknown')];
    const warnings: Warning[] = [{ code: 'target_unreadable', params: { ref: 'acme/lib#3' } }];
    expect(tell({ state: 'blocked', reason, blockedBy, warnings })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for an issue whose state is not known.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      **Waits for**

      - acme/lib&#35;3: state not known

      **Please note**

      - The bot cannot read an issue that blocks this one, or that issue does not exist. (\`acme/lib#3\`)

      _How to change this:_ Give the bot read access to what this issue waits for. If it does not have to wait, remove the dependency from the text or from the issue.
      "
    `);
  });

  it('of one that waits for an issue the bot may not see', () => {
    const reason = reasonOf({ code: 'hidden_blocker', params: { count: 1 } });
    expect(tell({ state: 'blocked', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for an issue that the bot may not see.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ Give the bot access to the repository of that issue, or remove the dependency from this issue.
      "
    `);
  });

  it('of one that waits for itself', () => {
    const params = { refs: ['acme/orbit#42', 'acme/orbit#43', 'acme/lib#1'], more: 0 };
    const blockedBy = [edge('acme/orbit#43', 'open')];
    expect(tell({ state: 'blocked', reason: { code: 'cycle', params }, blockedBy }))
      .toMatchInlineSnapshot(`
        "<!-- mosaic-coordinator -->
        **Blocked.** Waits for itself in a cycle: acme/orbit&#35;42 → acme/orbit&#35;43 → acme/lib&#35;1 → …

        | Context needed | Difficulty | Agent |
        | --- | --- | --- |
        | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

        _How to change this:_ Remove one of these dependencies from its text or from its issue.
        "
      `);
  });

  it('of one that no agent takes', () => {
    const reason: NoFit = {
      code: 'no_agent_fits',
      params: {
        ...{ difficulty: 'medium', likely: 900_000, high: 1_170_000, enable: [], trust: [] },
        ...{ split: { parts: 2, agent: 'opus', max: 500_000, usable: 1_000_000 }, nearest: null },
      },
    };
    const assignment = { agent: null, reason };
    expect(tell({ state: 'oversized', reason, assignment })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Too large.** No agent takes an issue of this size and difficulty.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | none fits |

      _How to change this:_ Split it into 2 issues of at most 500,000 tokens each, or correct the size and the difficulty that it declares.
      "
    `);
  });

  it('of one at work', () => {
    const reason = reasonOf({ code: 'claimed', params: { worker: 'runner-1', agent: 'opus' } });
    const warnings: Warning[] = [{ code: 'blocker_open', params: { ref: 'acme/orbit#12' } }];
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

      - An issue that blocks this one is open again, but an agent has already started. (\`acme/orbit#12\`)

      _How to change this:_ Close or unassign the issue to take it from the agent.
      "
    `);
  });

  it('of one whose agent is stuck, without the words of the agent', () => {
    const reason = reasonOf({
      code: 'worker_blocked',
      params: { worker: 'runner-1', agent: 'opus', words: 'Ask @maria ![](x)' },
    });
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** An agent is stuck. An operator can see why in the list of issues.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ Edit the issue, or ask an operator to resume it, to give it to an agent again.
      "
    `);
  });

  it('of one that is said to be completed', () => {
    const reason = reasonOf({
      code: 'awaiting_verification',
      params: { worker: 'runner-1', commit: '3f2c1ab' },
    });
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** An agent says that it has completed it with \`3f2c1ab\`: a person has to verify that.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ Close the issue if it is done. Otherwise ask an operator to resume it.
      "
    `);
  });

  it('of one that agents have given up', () => {
    const params = { count: 3, worker: 'runner-1', agent: 'opus', last: 'expired' } as const;
    const reason = reasonOf({ code: 'failed_attempts', params });
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** 3 attempts of agents have failed.

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text recommends it |

      _How to change this:_ Edit the issue, or ask an operator to resume it, to give it to an agent again.
      "
    `);
  });

  it('of a closed one', () => {
    const reason = reasonOf({ code: 'closed', params: {} });
    expect(tell({ state: 'done', open: false, reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Done.** The issue is closed.

      _How to change this:_ Reopen it to have it planned again.
      "
    `);
  });

  it('of one taken from the bot', () => {
    const reason = reasonOf({ code: 'not_assigned', params: {} });
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'released', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Not planned.** The issue is not assigned to the bot.

      _How to change this:_ Assign it to the bot to have it planned again.
      "
    `);
  });

  it('of one that was not read yet', () => {
    const reason = reasonOf({ code: 'not_read', params: {} });
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'received', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Received.** It has not been read yet.
      "
    `);
  });

  it('of a long list, so much as one reads', () => {
    const reason = openBlockers('acme/orbit#12');
    const blockedBy = Array.from({ length: 60 }, (_, index) => edge(`acme/o#${index + 1}`, 'open'));
    const lines = tell({ state: 'blocked', reason, blockedBy }).split('\n');
    expect(lines.filter((line) => line.startsWith('- '))).toHaveLength(21);
    expect(lines).toContain('- and 40 more');
    expect(lines[1]).toBe('**Blocked.** Waits for 60 issues that are open.');
  });
});

describe('links', () => {
  const reason = openBlockers('acme/orbit#12');

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
  const ref = fc.oneof(
    hostile,
    fc.stringMatching(/^[\w.-]{1,140}\/[\w.-]{1,140}#[1-9]\d{0,14}$/),
    fc.constantFrom('__a__/_b_#1', '--/..#2', 'www.x.test/a#3', '-/-#4'),
  );
  const words = fc.oneof(
    { arbitrary: ref, weight: 2 },
    { arbitrary: fc.constantFrom('acme/orbit#12', 'a_b/c#7'), weight: 3 },
    { arbitrary: fc.constantFrom('@maria', '<!-- x -->', '](x)', '\u202Eevil', '#1'), weight: 6 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 60 }), weight: 3 },
  );
  const reasons = arbitraryOf(stateReasonSchema, words).map((any) => stateReasonSchema.parse(any));
  const chosen = arbitraryOf(chosenAgentSchema, words).map((any) => chosenAgentSchema.parse(any));
  const warnings = arbitraryOf(warningSchema, words).map((any) => warningSchema.parse(any));
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
      reason: reasons,
      blockedBy: fc.array(planEdge, { maxLength: 40 }),
      blocks: fc.array(planEdge, { maxLength: 3 }),
      assignment: fc.option(chosen),
      warnings: fc.array(warnings, { maxLength: 40 }),
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { asReadersSee, type CommentSetting } from '../../../src/publish/comment/subject.ts';
import { commentText } from '../../../src/publish/comment/comment.ts';
import { ownCommentMarker } from '../../../src/issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../../src/issue/plan.ts';
import {
  chosenAgentSchema,
  stateReasonSchema,
  type NoFit,
  type StateReason,
} from '../../../src/issue/reasons.ts';
import { proposalOf, removalLine } from '../../../src/issue/proposals.ts';
import { states } from '../../../src/issue/state.ts';
import { warningSchema, type Warning } from '../../../src/issue/warnings.ts';
import { arbitraryOf } from '../../support/arbitrary-of.ts';
import { planOf } from './ready-plan.ts';

const setting: CommentSetting = {
  giteaUrl: 'https://git.example.test',
  author: 'coordinator-bot',
  bot: 'coordinator-bot',
  agents: ['haiku', 'sonnet', 'opus'],
  holdLabels: ['blocked', 'on hold', '@maria `x`'],
  visibleRepositories: new Set(['acme/orbit', 'acme/lib', 'acme/o', 'my_org/some.repo', 'a_b/c']),
};

const tell = (given: Partial<Plan> = {}) => commentText(planOf(given), setting);

function edge(ref: string, state: PlanEdge['state'], source: PlanEdge['source'] = 'declared') {
  return marked({ ref, state, source, evidence: `Blocked by: ${ref} @maria <img src=x>` });
}

/** As the views give what rests on Claude alone. */
function marked<E extends Pick<PlanEdge, 'ref' | 'source'>>(given: E) {
  const removeWith = given.source === 'model' ? removalLine('acme/orbit#42', given.ref) : undefined;
  return { ...given, removeWith };
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
      **Ready.** Nothing is in the way: \`sonnet\` starts when it is free.

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that waited for others', () => {
    const blockedBy = [edge('acme/orbit#12', 'closed'), edge('acme/orbit#13', 'closed')];
    expect(tell({ blockedBy })).toContain(
      '\n\nWaited for acme/orbit&#35;12 and acme/orbit&#35;13, which are closed.\n\n',
    );
  });

  it('of one that waits for a single issue', () => {
    const reason = openBlockers('acme/orbit#12');
    const blockedBy = [edge('acme/orbit#12', 'open')];
    expect(tell({ state: 'blocked', reason, blockedBy })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for acme/orbit&#35;12, which is open.

      It goes on by itself when that issue is closed. To go on without it, remove words such as \`Blocked by #12\` from the text (or \`Blocks #42\` from the other one).

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
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
      **Blocked.** Waits for my\\_org/some.repo&#35;7 and acme/orbit&#35;13, which are open.

      It goes on by itself when the last of them is closed. To go on without them, remove words such as \`Blocked by acme/lib#3\` from the text (or \`Blocks acme/orbit#42\` from the other one), or remove the dependency under “Dependencies” on the page of this issue.

      **Waits for**

      - my\\_org/some.repo&#35;7: open
      - acme/orbit&#35;13: open. Only Claude reads that, in \`Blocked by: acme/orbit#13 ＠maria ‹img src=x›\`. To end it, write \`Not blocked by #13\`
      - acme/lib&#35;3: state not known

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      Waited for acme/orbit&#35;12, which is closed.

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
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
      **Blocked.** Waits for acme/lib&#35;3, whose state is not known.

      Correct the number if it is wrong. Or ask whoever runs the coordinator to give the bot access to that repository. It goes on by itself when that issue is closed. To go on without it, remove words such as \`Blocked by acme/lib#3\` from the text (or \`Blocks acme/orbit#42\` from the other one).

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that waits for an issue the bot may not see', () => {
    const reason = reasonOf({ code: 'hidden_blocker', params: { count: 1 } });
    expect(tell({ state: 'blocked', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Blocked.** Waits for an issue elsewhere that the bot may not see.

      Somebody who administers that repository can give the bot read access. To go on without it, remove the dependency under “Dependencies” on the page of this issue.

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that waits for itself', () => {
    const params = {
      refs: ['acme/orbit#42', 'acme/orbit#43', 'acme/lib#1'],
      more: 0,
      beside: false,
    };
    const blockedBy = [edge('acme/orbit#43', 'open')];
    expect(tell({ state: 'blocked', reason: { code: 'cycle', params }, blockedBy }))
      .toMatchInlineSnapshot(`
        "<!-- mosaic-coordinator -->
        **Blocked.** Waits for itself in a cycle: acme/orbit&#35;42 → acme/orbit&#35;43 → acme/lib&#35;1 → …

        Nothing starts until one of them no longer waits: remove words such as \`Blocked by #43\` from one of the texts, or a dependency under “Dependencies” on one of the pages.

        <details><summary>Size and agent, and how to change them</summary>

        | Context needed | Difficulty | Agent |
        | --- | --- | --- |
        | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

        To change that, write a line into the text of the issue:

        - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
        - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
        - size: \`Total estimated: 50,000 tokens\`
        - to wait for another issue: \`Blocked by #NUMBER\`

        To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

        </details>

        Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
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

      Split it into 2 issues of at most 500,000 tokens each, or correct its size and difficulty with the words below.

      <details><summary>Size and agent, and how to change them</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | none fits |

      To change that, write a line into the text of the issue:

      - agent: \`Recommended agent: haiku\`, or set one of the labels \`agent:haiku\`, \`agent:sonnet\` or \`agent:opus\`
      - difficulty: \`Difficulty: low\`, \`Difficulty: medium\` or \`Difficulty: high\`
      - size: \`Total estimated: 50,000 tokens\`
      - to wait for another issue: \`Blocked by #NUMBER\`

      To hold the issue back, set the label \`blocked\` or \`on hold\`. To take it back, unassign the bot.

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
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

      Close or unassign the issue to stop that.

      **Waits for**

      - acme/orbit&#35;12: open

      **Please check**

      - An issue that blocks this one is open, but an agent has already started. (acme/orbit&#35;12)

      <details><summary>Size and agent</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
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
      **Needs a person.** An agent is stuck and has said why.

      Ask whoever runs the coordinator what it said. Then change the text of the issue, and an agent gets it again.

      <details><summary>Size and agent</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that is said to be completed', () => {
    const reason = reasonOf({
      code: 'awaiting_verification',
      params: { worker: 'runner-1', commit: '3f2c1ab', checked: true },
    });
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** An agent says that [\`3f2c1ab\`](https://git.example.test/acme/orbit/commit/3f2c1ab) completes it: check that.

      Close the issue if it is right. If not, write into the text what is missing, then unassign \`coordinator-bot\` and assign it again: an agent gets the issue again.

      <details><summary>Size and agent</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that agents have given up', () => {
    const params = { count: 3, worker: 'runner-1', agent: 'opus', last: 'expired' } as const;
    const reason = reasonOf({ code: 'failed_attempts', params });
    expect(tell({ state: 'needs_human', reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Needs a person.** 3 attempts of agents have failed.

      Make it smaller or clearer: change the text of the issue, and an agent gets it again. Or ask whoever runs the coordinator to resume it.

      <details><summary>Size and agent</summary>

      | Context needed | Difficulty | Agent |
      | --- | --- | --- |
      | 46,800 tokens (37,000 to 62,400), as the issue says | medium | \`sonnet\`, the text asks for it |

      </details>

      Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of a closed one', () => {
    const reason = reasonOf({ code: 'closed', params: {} });
    expect(tell({ state: 'done', open: false, reason })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Done.** The issue is closed. Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one taken from the bot', () => {
    const reason = reasonOf({ code: 'not_assigned', params: {} });
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'released', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Not planned.** The issue is not assigned to the bot. Assign it to \`coordinator-bot\` to have it planned again. Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of one that was not read yet', () => {
    const reason = reasonOf({ code: 'not_read', params: {} });
    const nothing = { reading: null, estimate: null, assignment: null };
    expect(tell({ state: 'received', reason, ...nothing })).toMatchInlineSnapshot(`
      "<!-- mosaic-coordinator -->
      **Received.** It has not been read yet. Written by [Mosaic Coordinator](https://git.example.test/coordinator-bot).
      "
    `);
  });

  it('of a long list, so much as one reads', () => {
    const reason = openBlockers('acme/orbit#12');
    const blockedBy = Array.from({ length: 60 }, (_, index) => edge(`acme/o#${index + 1}`, 'open'));
    const lines = tell({ state: 'blocked', reason, blockedBy }).split('\n');
    expect(lines.filter((line) => line.startsWith('- acme/'))).toHaveLength(20);
    expect(lines).toContain('- 40 more');
    expect(lines[1]).toBe(
      '**Blocked.** Waits for acme/o&#35;1, acme/o&#35;2, acme/o&#35;3 and 57 more, which are open.',
    );
  });
});

describe('what rests on Claude', () => {
  const own = 'acme/orbit#42';

  it('is marked where it is all that the issue waits for, with its words and the line that ends it', () => {
    const blockedBy = [
      { ...edge('acme/orbit#31', 'open', 'model'), evidence: 'Pointless `until` @maria did #31.' },
    ];
    const told = tell({ state: 'blocked', reason: openBlockers('acme/orbit#31'), blockedBy });
    expect(told).toContain(
      "**Waits for**\n\n- acme/orbit&#35;31: open. Only Claude reads that, in `Pointless 'until' ＠maria did #31.`. To end it, write `Not blocked by #31`\n",
    );
  });

  it('names a cycle of the tangle that the issue is in beside it', () => {
    const params = { refs: ['acme/orbit#7', 'acme/orbit#8'], more: 0, beside: true };
    expect(tell({ state: 'blocked', reason: { code: 'cycle', params } })).toContain(
      '**Blocked.** Waits in a tangle of issues that wait for each other, such as acme/orbit&#35;7 → acme/orbit&#35;8 → …',
    );
  });

  it('is marked in each of twenty, and in a cycle', () => {
    const refs = Array.from({ length: 20 }, (_, index) => `acme/orbit#${index + 1}`);
    const blockedBy = refs.map((ref) => edge(ref, 'open', 'model'));
    const cycle = { refs: [own, 'acme/orbit#1'], more: 0, beside: false };
    for (const reason of [openBlockers(...refs), reasonOf({ code: 'cycle', params: cycle })]) {
      const told = tell({ state: 'blocked', reason, blockedBy });
      for (const ref of refs)
        expect(told).toContain(`Not blocked by ${ref.slice('acme/orbit'.length)}\``);
    }
  });

  it('does not name an issue elsewhere', () => {
    const blockedBy = [edge('secret/vault#7', 'open', 'model')];
    const told = tell({ state: 'blocked', reason: openBlockers('secret/vault#7'), blockedBy });
    expect(told).toContain('To go on without it, write `Not blocked by …` with its name into');
  });

  it.each([
    [
      { ref: 'acme/lib#31', direction: 'blocks', standing: 'proposed', readIn: own },
      'Claude reads in `The words.` that acme/lib&#35;31 waits for this; it does not block. To make it so, write into acme/lib&#35;31: `Blocked by: acme/orbit#42`.',
    ],
    [
      { ref: 'acme/orbit#31', direction: 'blocked_by', standing: 'proposed', readIn: own },
      'Claude reads in `The words.` that this waits for acme/orbit&#35;31; it does not block. To make it so, write: `Blocked by: #31`.',
    ],
    [
      {
        ref: 'acme/orbit#12',
        direction: 'blocked_by',
        standing: 'proposed',
        readIn: 'acme/orbit#12',
      },
      'Claude reads in acme/orbit&#35;12 that this waits for acme/orbit&#35;12; it does not block. To make it so, write: `Blocked by: #12`.',
    ],
    [
      { ref: 'acme/orbit#31', direction: 'blocked_by', standing: 'disputed', readIn: own },
      'The text says, `The words.`, that this waits for acme/orbit&#35;31; Claude reads no dependency. It does not block. To make it count, write `Blocked by: #31` on a line of its own.',
    ],
    [
      { ref: 'acme/orbit#31', direction: 'blocks', standing: 'disputed', readIn: own },
      'The text says, `The words.`, that acme/orbit&#35;31 waits for this; Claude reads no dependency. It does not block. To make it count, write `Blocks: #31` on a line of its own.',
    ],
  ] as const)('is shown undecided: %j', (given, sentence) => {
    const proposals = [proposalOf(own, { ...given, evidence: 'The words.' })];
    expect(tell({ proposals })).toContain(`**Undecided**\n\n- ${sentence}\n`);
  });
});

describe('links', () => {
  const reason = openBlockers('acme/orbit#12');

  it.each(['<b>/a#1', 'acme/a#1 @maria', `${'a'.repeat(200)}/b#1`, 'acme/a#0'])(
    'are not made of %s',
    (ref) => {
      const blockedBy = [edge(ref, 'open')];
      expect(tell({ state: 'blocked', reason, blockedBy })).toContain(
        '**Blocked.** Waits for an issue elsewhere.\n',
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
  const seen = fc.constantFrom('acme/orbit#12', 'acme/lib#3', 'a_b/c#7', 'my_org/some.repo#9');
  const planEdge = fc
    .record({
      ref: fc.oneof(ref, seen),
      state: fc.constantFrom('open', 'closed', 'not_merged', 'unknown'),
      source: fc.constantFrom('declared', 'model', 'gitea'),
      evidence: hostile,
    })
    .map(marked);
  const proposal = fc.record({
    ref: fc.oneof(ref, seen),
    direction: fc.constantFrom('blocks', 'blocked_by'),
    standing: fc.constantFrom('proposed', 'disputed'),
    evidence: hostile,
    readIn: fc.constantFrom('own', 'other'),
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
      given: fc.array(proposal, { maxLength: 40 }),
      assignment: fc.option(chosen),
      warnings: fc.array(warnings, { maxLength: 40 }),
      updatedAt: hostile,
    })
    .map(({ given, ...plan }) =>
      planOf({
        ...plan,
        proposals: given.map((each) =>
          proposalOf(plan.ref, { ...each, readIn: each.readIn === 'own' ? plan.ref : each.ref }),
        ),
      }),
    );

  const fold = /<details><summary>[A-Z][a-z, ]+<\/summary>|<\/details>/g;

  it('no mention, no image, no HTML but marker and fold, nothing invisible, and never long', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const told = commentText(plan, setting);
        expect(told.startsWith(`${ownCommentMarker}\n**`)).toBe(true);
        const rest = told.slice(ownCommentMarker.length).replace(fold, '');
        expect(rest).not.toMatch(/[@<>]|&(?!#35;)/);
        // What is in code is shown as it is.
        expect(rest.replace(/`[^`\n]*`/g, '')).not.toMatch(/!\[|javascript:|`/);
        expect(rest).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(Buffer.byteLength(told)).toBeLessThan(8_192);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it('the same for the same plan, whatever its title, its time, and the words behind what is declared', () => {
    fc.assert(
      fc.property(plans, hostile, (plan, other) => {
        const blockedBy = plan.blockedBy.map((each) =>
          each.source === 'model' ? each : { ...each, evidence: other },
        );
        const same = { ...plan, title: other, updatedAt: other, blockedBy };
        expect(commentText(same, setting)).toBe(commentText(plan, setting));
      }),
    );
  });

  it('neither name nor state of issues that its readers may not see', () => {
    const secret = fc.record({
      ref: fc.constantFrom(
        'secret/vault#1',
        'Secret/Vault#2',
        'acme/secret#3',
        'acme/orbit-secret#4',
      ),
      state: fc.constantFrom('open', 'closed', 'not_merged', 'unknown'),
      source: fc.constantFrom('declared', 'model', 'gitea'),
      evidence: fc.constant(''),
    });
    const secretRefs = secret.map(({ ref: name }) => name);
    const reasonOfSecrets = arbitraryOf(stateReasonSchema, secretRefs);
    const warningOfSecrets = arbitraryOf(warningSchema, secretRefs);
    const about = fc.record({
      state: fc.constantFrom(...states),
      reason: reasonOfSecrets.map((any) => stateReasonSchema.parse(any)),
      blockedBy: fc.array(secret.map(marked), { maxLength: 6 }),
      proposals: fc.array(
        secret.map(({ ref: name }) =>
          proposalOf('acme/orbit#42', {
            ...{ ref: name, direction: 'blocked_by', standing: 'proposed' },
            ...{ evidence: 'secret', readIn: name },
          }),
        ),
        { maxLength: 2 },
      ),
      warnings: fc.array(
        warningOfSecrets.map((any) => warningSchema.parse(any)),
        { maxLength: 6 },
      ),
    });
    fc.assert(
      fc.property(
        about,
        fc.constantFrom('open', 'closed', 'not_merged', 'unknown'),
        (given, state) => {
          const told = tell(given);
          expect(told).not.toMatch(/secret|vault/i);
          const blockedBy = given.blockedBy.map((each) => ({ ...each, state }));
          expect(tell({ ...given, blockedBy })).toBe(told);
        },
      ),
    );
  });

  it('nothing of a pull request elsewhere that was closed without a merge', () => {
    const planned = (
      ref: string,
      state: PlanEdge['state'],
      code: 'blocker_not_merged' | 'unknown_blockers',
    ) =>
      planOf({
        state: code === 'blocker_not_merged' ? 'needs_human' : 'blocked',
        reason: { code, params: { refs: [ref], more: 0 } },
        blockedBy: [edge(ref, state)],
      });
    const { visibleRepositories } = setting;
    const shown = asReadersSee(
      planned('secret/vault#7', 'not_merged', 'blocker_not_merged'),
      visibleRepositories,
    );
    const waiting = planned('secret/vault#7', 'unknown', 'unknown_blockers');
    expect(shown.state).toBe('blocked');
    expect(commentText(shown, setting)).toBe(commentText(waiting, setting));
    const named = planned('acme/lib#7', 'not_merged', 'blocker_not_merged');
    expect(asReadersSee(named, visibleRepositories)).toEqual(named);
    expect(commentText(named, setting)).toContain('closed without a merge: acme/lib&#35;7');
  });

  it.each(['target_missing', 'target_unreadable', 'blocker_open', 'blocker_deleted'] as const)(
    'nothing of the warning %s about an issue that its readers may not see',
    (code) => {
      const warned = (ref: string) => tell({ warnings: [{ code, params: { ref } }] });
      expect(warned('secret/vault#7')).toBe(tell());
      expect(warned('acme/lib#7')).toContain('acme/lib&#35;7');
    },
  );

  it('nothing of a parent or a part that its readers may not see', () => {
    const warned = (parent: string, ...parts: readonly string[]) =>
      tell({ warnings: [{ code: 'parent_blocks_part', params: { parent, parts, more: 0 } }] });
    const [hidden, shown, other] = ['secret/vault#7', 'acme/orbit#42', 'acme/lib#7'];
    expect(warned(hidden, shown)).toBe(tell());
    expect(warned(shown, hidden)).toBe(tell());
    expect(warned(shown, hidden, other)).toBe(warned(shown, other));
    expect(warned(shown, other)).toContain('A parent blocks its own part');
  });

  it('no reference that Gitea takes for one, and none that is not', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const links = commentText(plan, setting)
          // A quote can hold what only looks like a link; the words of real ones are checked names.
          .replace(/(?<!\[)`[^`\n]*`/g, '')
          .match(/\]\([^)]*\)/g);
        expect(links?.filter((link) => !link.startsWith('](https://git.example.test/'))).toEqual(
          [],
        );
        const bare = commentText(plan, setting).replace(/`[^`]*`|\]\([^)]*\)/g, '');
        expect(bare.replaceAll('&#35;', '')).not.toMatch(/#|!\d|https?:\/\/|\]\(/);
      }),
    );
  });
});

it('says of a text that cannot be read what a person can do: reason and advice', () => {
  const text = tell({
    state: 'blocked',
    reason: { code: 'unreadable', params: { cause: 'work' } },
    warnings: [{ code: 'text_unreadable', params: { cause: 'work' } }],
  });
  expect(text).toContain('The text of this issue could not be read');
  expect(text).toContain('Shorten the text, or move parts of it into issues of their own.');
});

it('counts what lies outside this Gitea, and names none of it', () => {
  const text = tell({ warnings: [{ code: 'outside_dependencies', params: { count: 2 } }] });
  expect(text).toContain('The text waits for 2 things outside this Gitea, which nobody watches.');
});

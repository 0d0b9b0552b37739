import type { Plan } from '../../../src/issue/plan.ts';

/** A plan of a ready issue; what is named stands instead. */
export function planOf(given: Partial<Plan> = {}): Plan {
  return {
    ref: 'acme/orbit#42',
    repositoryId: 3,
    number: 42,
    title: 'Persist the queue',
    url: 'https://git.example.test/acme/orbit/issues/42',
    open: true,
    state: 'ready',
    reason: { code: 'ready', params: { agent: 'sonnet' } },
    reading: {
      outcome: 'complete',
      model: 'claude-sonnet-5-5',
      reason: null,
      unreadable: null,
      estimatedContext: { value: 46_800, source: 'declared', evidence: 'Total: 46,800 tokens' },
      difficulty: { value: 'medium', source: 'model', evidence: null },
      assignedAgent: { value: 'sonnet', source: 'declared', evidence: 'Agent: sonnet' },
      factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
      partOf: [],
    },
    blockedBy: [],
    blocks: [],
    proposals: [],
    estimate: {
      low: 37_000,
      likely: 46_800,
      high: 62_400,
      source: 'declared',
      formula: 62_400,
      layers: [],
    },
    assignment: {
      agent: 'sonnet',
      reason: { code: 'declared_agent', params: { agent: 'sonnet' } },
    },
    warnings: [],
    updatedAt: '2026-11-23T10:00:00.000Z',
    ...given,
  };
}

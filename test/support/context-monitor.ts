import type { MonitorState } from '../../src/claims/monitor-state.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type MonitorSettings,
} from '../../src/claims/context-monitor.ts';
import type { ContextUsage } from '../../src/claims/usage.ts';

export const monitorSettings: MonitorSettings = { compactAt: 0.8, rotateAt: 0.95 };

/** The reports of one agent: each one starts from the state that the report before it left. */
export function monitorOf({
  settings,
  now,
}: {
  readonly settings: MonitorSettings;
  readonly now: () => number;
}) {
  let state: MonitorState = initialMonitorState;
  return {
    observe: (usage: ContextUsage): ContextAnswer => {
      const observed = observe(state, { ...usage, at: now() }, settings);
      state = observed.state;
      return observed.answer;
    },
    state: () => state,
  };
}

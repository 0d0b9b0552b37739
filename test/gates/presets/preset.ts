import type { GateStatus } from '../../../src/gates/gate.ts';
import type { Tree } from '../support/proposed.ts';

/** What a gate must come to on a tree. */
export interface Expected {
  readonly status: GateStatus;
  /** Where one of its findings must be, as `file:line`, or what its message must hold. */
  readonly seen?: string;
}

/** A small real project of one tool chain, in several states. */
export interface Preset {
  readonly name: string;
  /** Programs that have to be on the search path. */
  readonly needs: readonly string[];
  readonly files: Tree;
  /** Commands that write the lockfiles; they need the network. */
  readonly locks: readonly string[];
  readonly trees: readonly {
    readonly name: string;
    /** Files in place of those of the sound project. */
    readonly files: Tree;
    readonly expected: Readonly<Record<string, Expected>>;
  }[];
}

export const passed: Expected = { status: 'passed' };
export const failed = (seen: string): Expected => ({ status: 'failed', seen });

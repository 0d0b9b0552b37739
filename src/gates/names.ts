/** Names of gates and of the figures of coverage. */

export const builtInGates = ['build', 'lint', 'test', 'coverage', 'integrity'] as const;
export type BuiltInGate = (typeof builtInGates)[number];
/** A built-in gate, a command gate of the gates file, or `prepare` for the steps before all gates. */
export type GateName = string;

export const coverageFigures = ['lines', 'statements', 'functions', 'branches'] as const;
export type CoverageFigure = (typeof coverageFigures)[number];
/** Percent. */
export type CoverageThresholds = Readonly<Record<CoverageFigure, number>>;

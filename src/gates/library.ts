/** All that the package offers as `mosaic-coordinator/gates`. */

export { baselineOf, baselinePath, parseBaseline, type Baseline } from './baseline/baseline.ts';
export { CoordinatorError } from '../errors.ts';
export {
  gateStatuses,
  toolNames,
  type Checkout,
  type Finding,
  type Gate,
  type GateResult,
  type GateStatus,
  type TestRun,
  type Tool,
  type ToolName,
  type ToolRun,
  type Verdict,
} from './gate.ts';
export { GatesError, type GatesErrorCode } from './gates-error.ts';
export { parseGatesFile } from './gates-file/parse-gates-file.ts';
export {
  gatesFilePath,
  type BuildOptions,
  type BuiltInOptions,
  type CommandGate,
  type CoverageOptions,
  type GateEntry,
  type GatesFile,
  type IntegrityOptions,
  type LintOptions,
  type PrepareStep,
  type TestOptions,
} from './gates-file/schema.ts';
export {
  builtInGates,
  coverageFigures,
  type BuiltInGate,
  type CoverageFigure,
  type CoverageThresholds,
  type GateName,
} from './names.ts';
export { defaultFindingsLimit, defaultTimeoutMs } from './plan.ts';
export {
  sandboxModes,
  type GateProgress,
  type GatesOptions,
  type GatesReport,
  type PlannedGate,
  type PlannedRun,
  type SandboxMode,
} from './report.ts';
export { allGates, createRunGates, runGates, type GateSet } from './run-gates.ts';
export { defaultCoverage } from './tools/coverage.ts';

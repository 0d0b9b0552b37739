import type { Gate } from '../gate.ts';
import { readProjectFile, type ProjectFileRequest } from '../gates-file/read-gates-file.ts';
import type { GatesFile } from '../gates-file/schema.ts';
import type { GateName } from '../names.ts';
import { baselinePath, compareWithBaseline, parseBaseline, type Baseline } from './baseline.ts';

/** True for a gate that the gates file gives a baseline. */
export function hasBaseline({ gates, options }: GatesFile, name: GateName): boolean {
  const entry = gates?.get(name);
  if (entry?.kind === 'command') return entry.gate.baseline;
  return (name === 'build' || name === 'lint') && options[name].baseline;
}

/** The baseline of the project, read where the gates file is; an empty one when there is none. */
export async function readBaseline(request: Omit<ProjectFileRequest, 'path'>): Promise<Baseline> {
  const { text, from } = await readProjectFile({ ...request, path: baselinePath });
  return text === undefined ? { version: 1, gates: {} } : parseBaseline(text, from);
}

/** The gate, with its findings compared with those that the baseline knows; undefined to mark them as not compared. */
export function withBaseline(gate: Gate, baseline: Baseline | undefined): Gate {
  return {
    name: gate.name,
    check: async (checkout) => {
      const verdict = await gate.check(checkout);
      if (baseline !== undefined)
        return compareWithBaseline(verdict, baseline.gates[gate.name] ?? {});
      const { status, faults, findings = [], details } = verdict;
      const isWhole = status === 'passed' || faults === findings.length;
      return {
        ...verdict,
        details: { ...details, baseline: isWhole ? 'ignored' : 'incomparable' },
      };
    },
  };
}

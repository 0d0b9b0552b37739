import { parseGatesFile } from '../parse-gates-file.ts';
import { proposeGo } from './go.ts';
import { proposeJavaScript } from './javascript/javascript.ts';
import { openProject } from './project.ts';
import type { NamedGate, Proposal } from './proposal.ts';
import { proposePython } from './python/python.ts';
import { proposeRust } from './rust.ts';

/** A gates file for a person to review, and what they have to decide. */
export interface ProposedGatesFile {
  readonly file: object;
  readonly notes: readonly string[];
}

const toolChains = [
  { name: 'javascript', propose: proposeJavaScript },
  { name: 'python', propose: proposePython },
  { name: 'go', propose: proposeGo },
  { name: 'rust', propose: proposeRust },
];

/** Maximum notes; who has more to decide writes the file by hand. */
const maxNotes = 50;

/**
 * Proposes a gates file from what scripts, lockfiles and configuration in the directory say. It reads, and runs
 * nothing. The same files give the same proposal.
 */
export async function proposeGatesFile(directory: string): Promise<ProposedGatesFile> {
  const project = openProject(directory);
  const found: Proposal[] = [];
  const gates = new Map<string, NamedGate[1]>();
  for (const { name, propose } of toolChains) {
    const proposal = await propose(project);
    found.push(proposal);
    for (const [gate, options] of withOwnNames(proposal.gates, { chain: name, taken: gates }))
      gates.set(gate, options);
  }
  const notes = [...new Set(found.flatMap((proposal) => proposal.notes))];
  const file = assemble(found, gates);
  const fault = faultOf(file);
  if (fault !== undefined)
    return { file: {}, notes: [`The scripts of the project make no usable gates file: ${fault}`] };
  const empty = gates.size === 0 ? [nothingFound] : [];
  return { file, notes: [...empty, ...notes].slice(0, maxNotes) };
}

const nothingFound =
  'No tool that checks the project was recognised. Name the commands that check it as gates, or leave the file out for the built-in ones.';

/** A second tool chain with gates of the same names gets its own name behind them. */
function withOwnNames(
  gates: readonly NamedGate[],
  { chain, taken }: { readonly chain: string; readonly taken: ReadonlyMap<string, unknown> },
): readonly NamedGate[] {
  const named = (gate: string) => (taken.has(gate) ? `${gate}-${chain}` : gate);
  return gates.map(([gate, { reportOf, ...options }]) => [
    named(gate),
    { ...(reportOf === undefined ? {} : { reportOf: named(reportOf) }), ...options },
  ]);
}

function assemble(proposals: readonly Proposal[], gates: ReadonlyMap<string, object>): object {
  const { install, build } = {
    install: proposals.flatMap((proposal) => proposal.install),
    build: proposals.flatMap((proposal) => proposal.build),
  };
  return {
    ...(install.length > 0 ? { install } : {}),
    ...(build.length > 0 ? { build } : {}),
    ...(gates.size > 0 ? { gates: Object.fromEntries(gates) } : {}),
  };
}

/** Scripts may hold what the gates file cannot, such as texts without an end. */
function faultOf(file: object): string | undefined {
  try {
    parseGatesFile(JSON.stringify(file), 'The proposed file');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

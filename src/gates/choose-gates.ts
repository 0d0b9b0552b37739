import { GatesError } from './gates-error.ts';
import type { CommandGate, GatesFile } from './gates-file/schema.ts';
import { builtInGates, type BuiltInGate, type GateName } from './names.ts';

/** A gate of this run. */
export interface ChosenGate {
  readonly name: GateName;
  /** Undefined for a built-in gate. */
  readonly command: CommandGate | undefined;
  /** True when the command line or the gates file names it: a tool that the project does not use is then an error. */
  readonly asked: boolean;
  /** True when it is not part of the verdict. */
  readonly optional: boolean;
  readonly timeoutMs: number;
}

export interface Choice {
  /** Names from the command line; undefined for those of the gates file, or the default ones. */
  readonly names: readonly GateName[] | undefined;
  readonly file: GatesFile;
  readonly base: string | undefined;
  readonly timeoutMs: number;
}

/** The gates of a run in the order of the report, and the names that the gates file switches off. */
export function chooseGates(choice: Choice): {
  readonly chosen: readonly ChosenGate[];
  readonly off: readonly GateName[];
} {
  const { names, file, base } = choice;
  const known = new Set([...builtInGates, ...(file.gates?.keys() ?? [])]);
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new GatesError(
      'gates_options_invalid',
      `There is no gate ${unknown}: choose from ${[...known].join(', ')}, or add it to .mosaic/gates.json.`,
    );
  const isOff = (name: GateName) => file.gates?.get(name)?.kind === 'off';
  const wanted = names ?? defaultNames(choice).filter((name) => !isOff(name));
  if (wanted.length === 0)
    throw new GatesError(
      'gates_options_invalid',
      'No gate was chosen: nothing checked is never passed.',
    );
  if (wanted.includes('integrity') && base === undefined)
    throw new GatesError(
      'gates_options_invalid',
      'The gate integrity needs a git ref to compare with, base.',
    );
  const chosen = [...new Set(wanted)].map((name) => chosenGate(name, choice));
  const order = [...builtInGates.filter((name) => !isCommand(file, name)), ...known];
  return {
    chosen: chosen.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    off: names === undefined ? [...known].filter(isOff) : [],
  };
}

function defaultNames({ file, base }: Choice): readonly GateName[] {
  const named = [...(file.gates?.keys() ?? (['build', 'lint', 'test', 'coverage'] as const))];
  // The gates file need not name integrity: whoever names a base wants it.
  if (base === undefined) return named.filter((name) => name !== 'integrity');
  return [...new Set([...named, 'integrity'])];
}

function isCommand(file: GatesFile, name: GateName): boolean {
  return file.gates?.get(name)?.kind === 'command';
}

function chosenGate(name: GateName, { names, file, timeoutMs }: Choice): ChosenGate {
  const entry = file.gates?.get(name);
  const builtIn = builtInGates.find((known): known is BuiltInGate => known === name);
  const command = entry?.kind === 'command' ? entry.gate : undefined;
  const options = command ?? (builtIn && file.options[builtIn]);
  // A gate that reads a report of another's run may be the one that starts it.
  const runner = file.gates?.get(command?.reportOf ?? '');
  const timeoutSeconds =
    options?.timeoutSeconds ??
    (runner?.kind === 'command' ? runner.gate.timeoutSeconds : undefined);
  return {
    name,
    command,
    asked: names !== undefined || entry !== undefined,
    optional: options?.optional ?? false,
    timeoutMs: timeoutSeconds === undefined ? timeoutMs : timeoutSeconds * 1_000,
  };
}

import { buildBefore } from './build-before-tests.ts';
import type { PackageJson } from './package-json.ts';
import { join, type Proposal } from '../proposal.ts';
import { callsOf, commandsOf, type ProgramCall, type ScriptCommand } from './scripts.ts';
import { bunTest, jest, mocha, nodeTest, otherRunner, vitest } from './test-runners.ts';

/** Programs that run tests. `node`, `tsx` and `bun` do with an argument that says so. */
const runners: Readonly<
  Record<string, (call: ProgramCall, json: PackageJson) => Partial<Proposal>>
> = {
  vitest,
  jest,
  mocha,
  _mocha: mocha,
  ava: otherRunner,
  tap: otherRunner,
  borp: otherRunner,
  uvu: otherRunner,
  node: nodeTest,
  tsx: nodeTest,
  bun: bunTest,
};
/** Scripts in the order in which they are asked how the project tests. */
const asked = ['test', 'test:unit', 'unit', 'test:ci', 'test:coverage', 'coverage', 'test:node'];

/** The gates `test` and `coverage`. */
export function proposeTests(json: PackageJson): Partial<Proposal> {
  const { scripts } = json;
  const others = Object.keys(scripts).filter((name) => /^(test|unit|cov)/.test(name));
  const names = [...new Set([...asked, ...others])].filter((name) => Object.hasOwn(scripts, name));
  const found = names
    .map((name) => ({ name, commands: commandsOf(scripts, name) }))
    .map(({ name, commands }) => ({ name, commands, calls: testCalls(commands) }))
    .find(({ calls }) => calls.length > 0);
  if (found === undefined) return withoutRunner(json);
  const [first, ...rest] = found.calls;
  if (first === undefined) return {};
  const call = withCoverage(first, json, names);
  const { program } = call;
  const proposal = runners[program]?.(call, json) ?? {};
  const more = rest.map(({ word, args }) => [word, ...args].map(({ raw }) => raw));
  const notes = more.map(
    (words) =>
      `The script ${found.name} also runs ${words.join(' ').slice(0, 200)}: add a gate for it, or none of it is checked.`,
  );
  return join(
    buildBefore(json, { script: found.name, commands: found.commands, call: first }),
    proposal,
    { notes },
  );
}

function testCalls(commands: readonly ScriptCommand[]): readonly ProgramCall[] {
  return callsOf(commands, new Set(Object.keys(runners))).filter(({ program, args }) => {
    const values = args.map(({ value }) => value);
    if (program === 'node' || program === 'tsx') return values.includes('--test');
    if (program === 'bun') return values[0] === 'test';
    return !values.includes('--version');
  });
}

/** The same runner under c8 or nyc, when another script runs it so: one run then tells about both. */
function withCoverage(
  call: ProgramCall,
  { scripts }: PackageJson,
  names: readonly string[],
): ProgramCall {
  if (measures(call)) return call;
  const calls = names.flatMap((name) => testCalls(commandsOf(scripts, name)));
  return calls.find((other) => other.program === call.program && measures(other)) ?? call;
}

function measures({ wrapper }: ProgramCall): boolean {
  return wrapper.some(({ value }) => value === 'c8' || value === 'nyc');
}

function withoutRunner(json: PackageJson): Partial<Proposal> {
  if (json.uses('vitest'))
    return {
      gates: [['test', {}]],
      notes: ['No script runs vitest, so test runs it as it is: check that this is right.'],
    };
  const script = json.scripts['test'];
  if (script === undefined || script.includes('no test specified'))
    return { notes: ['package.json has no script that runs tests, so there is no gate test.'] };
  return {
    gates: [['test', { command: 'npm test' }]],
    notes: [
      `The script test (${script.slice(0, 200)}) runs no test runner that is known here, so test is judged by its exit code alone.`,
    ],
  };
}

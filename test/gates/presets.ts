import { biome } from './presets/biome.ts';
import { go } from './presets/go.ts';
import { nodeJest } from './presets/node-jest.ts';
import { pythonUv } from './presets/python-uv.ts';
import { rustCargo } from './presets/rust-cargo.ts';
import { runPreset, type PresetRow } from './support/run-preset.ts';

const presets = [pythonUv, go, rustCargo, nodeJest, biome];
const named = process.argv.slice(2);

const rows: PresetRow[] = [];
for (const preset of presets) {
  if (named.length > 0 && !named.includes(preset.name)) continue;
  process.stderr.write(`${preset.name}\n`);
  rows.push(...(await runPreset(preset)));
}
process.stdout.write('| preset | tree | gate | expected | got | seconds | |\n');
process.stdout.write('| --- | --- | --- | --- | --- | ---: | --- |\n');
for (const { preset, tree, gate, expected, got, seconds, ok } of rows)
  process.stdout.write(
    `| ${preset} | ${tree} | ${gate} | ${expected} | ${got} | ${seconds} | ${ok ? 'ok' : 'WRONG'} |\n`,
  );
if (rows.length === 0 || rows.some(({ ok }) => !ok)) process.exitCode = 1;

import { fileRow, testRows, type Row } from '../../support/integrity-rows.ts';

const py =
  'def test_adds():\n    assert add(1, 2) == 3\n\n\ndef test_sums():\n    assert sum([1]) == 1\n';
const go = 'func TestAdd(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal()\n\t}\n}\n';
const rs = '#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n}\n';
const ts = 'export const add = (a: number, b: number) => a + b;\n';

const found: Row[] = [
  ['a.py', py, py.replace('== 3', '== 3  # noqa: E711'), 'new-noqa a.py:2'],
  ['a.py', py, py.replace('== 3', '== 3  # type: ignore[arg]'), 'new-type-ignore a.py:2'],
  ['a.py', py, py.replace('== 3', '== 3  # pragma: no cover'), 'new-coverage-ignore a.py:2'],
  ['a.py', py, `@pytest.mark.skip\n${py}`, 'new-skip a.py:1'],
  ['a.py', py, `@pytest.mark.skipif(os.environ.get("CI"), reason="x")\n${py}`, 'new-skip a.py:1'],
  ['a.py', py, py.replace('assert', 'pytest.skip("x")\n    assert'), 'new-skip a.py:2'],
  ['a.py', py, `@unittest.skip("x")\n${py}`, 'new-skip a.py:1'],
  ['conftest.py', 'x = 1\n', 'collect_ignore = ["a.py"]\n', 'new-skip conftest.py:1'],
  ['a.py', py, py.replace(/\ndef test_sums[^]*/, ''), 'test-deleted a.py:5'],
  ['a_test.go', go, go.replace('\tif', '\tt.Skip("x")\n\tif'), 'new-skip a_test.go:2'],
  ['a_test.go', go, go.replace('3 {', '3 { //nolint:errcheck'), 'new-nolint a_test.go:2'],
  ['a_test.go', go, 'func helper() {}\n', 'test-deleted a_test.go:1'],
  ['a.rs', rs, `#[allow(dead_code)]\n${rs}`, 'new-allow a.rs:1'],
  ['a.rs', rs, rs.replace('fn', '#[ignore]\nfn'), 'new-skip a.rs:2'],
  ['a.rs', rs, 'fn adds() {}\n', 'test-deleted a.rs:2'],
  ['a.ts', ts, `// biome-ignore lint/style/noVar: why\n${ts}`, 'new-biome-ignore a.ts:1'],
  ['a.ts', ts, `// oxlint-disable-next-line no-debugger\n${ts}`, 'new-oxlint-disable a.ts:1'],
  ['a.ts', ts, `/* tslint:disable */\n${ts}`, 'new-tslint-disable a.ts:1'],
  ['a.ts', ts, `// deno-lint-ignore no-var\n${ts}`, 'new-deno-lint-ignore a.ts:1'],
].map(([path = '', before = '', after = '', expected = '']) =>
  fileRow(path, `${expected} in ${after.slice(0, 60)}`, before, after, expected),
);
const none: Row[] = [
  ['a.py', py, `${py}\n\ndef test_more():\n    assert True\n`],
  ['a.py', py, py.replace('test_adds', 'test_adds_two')],
  ['a.py', `@pytest.mark.skip\n${py}`, `import x\n@pytest.mark.skip\n${py}`],
  ['a_test.go', go, `${go}${go.replace('TestAdd', 'TestMore')}`],
  ['a.rs', rs, `${rs}fn helper() {}\n`],
  ['a.ts', ts, `// biome-ignored rules are listed elsewhere\n${ts}`],
  ['a.ts', `// biome-ignore lint/a: why\n${ts}`, `// biome-ignore lint/a: because\n${ts}`],
].map(([path = '', before = '', after = '']) => fileRow(path, after.slice(0, 60), before, after));

testRows('checks of other tools are switched off', found);
testRows('checks of other tools are not switched off', none);

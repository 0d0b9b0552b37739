import { expect, test } from 'vitest';

import { sourceFacts } from '../../../../src/gates/integrity/source/source-facts.ts';

function testOf(body: string, parameters = '') {
  const helper = 'const check = function (a) { expect(a).toBe(one()); };\n';
  const text = `${helper}it('a', async (${parameters}) => { ${body} });`;
  return sourceFacts(text, 'a.test.ts').tests[0];
}

test.each([
  ['expect(add(1, 2)).toBe(3);', 1],
  ['expect(3).toBe(add(1, 2));', 1],
  ['assert(works());', 1],
  ['await expect(run()).resolves.not.toThrow();', 1],
  ['expect(works()).toBeTruthy();', 1],
  ['expect(sum()).to.be.true;', 1],
  ['expect(one()).not.toBe(one());', 1],
  ['expect.soft(works()).toBe(true);', 1],
  ['expect.fail();', 1],
  ['check(1);', 1],
  ['[1].forEach((n) => expect(f(n)).toBe(n));', 1],
  ['for (const n of [1]) expect(f(n)).toBe(n);', 1],
  ['const same = () => expect(f()).toBe(1); same();', 2],
  ['function same() { expect(f()).toBe(1); } run(same);', 1],
  ['try { expect(f()).toBe(1); } catch (error) { throw new Error("no"); }', 2],
  ['try { f(); expect.fail(); } catch (error) { expect(error).toBe(known()); }', 2],
  ['try { expect(f()).toBe(1); } finally { close(); }', 1],
  ['setTimeout(() => expect(f()).toBe(1)); await later();', 1],
  ['vi.runAllTimers(); setTimeout(() => expect(f()).toBe(1));', 1],
  ['return new Promise((end) => setTimeout(() => { expect(f()).toBe(1); end(); }));', 1],
  ['await run().catch((error) => expect(error).toBe(known()));', 1],
  ['assert.equal(add(1, 2), 3);', 1],
])('%s can fail', (body, assertions) => {
  expect(testOf(body)?.assertions).toBe(assertions);
});

test.each([
  'expect(1).toBe(1);',
  'assert(true);',
  'if (false) { expect(add()).toBe(1); }',
  'if (0) expect(add()).toBe(1);',
  'expect.assertions(2);',
  'expect(works());',
  'expect(works()).toBe;',
  'expect(works()).not;',
  'expect.soft(works());',
  'expect(f()).toBe(f());',
  'expect( f( 1 ) ).toEqual(f(1));',
  'expect(value).toStrictEqual(value);',
  'assert.equal(f(), f());',
  'try { expect(f()).toBe(1); } catch {}',
  'try { expect(f()).toBe(1); } catch (error) { console.log(error); }',
  'await run().then(() => expect(f()).toBe(1)).catch(() => {});'.replace('await ', ''),
  'function never() { expect(f()).toBe(1); }',
  'const never = () => { expect(f()).toBe(1); };',
  'setTimeout(() => { expect(f()).toBe(1); }, 10);',
  'queueMicrotask(() => expect(f()).toBe(1));',
  'for (const n of []) expect(f(n)).toBe(n);',
  'expect.extend({ toBeOdd });',
  'expect.objectContaining({ a: f() });',
])('%s cannot fail', (body) => {
  expect(testOf(body)?.assertions).toBe(0);
});

test('a timer that ends the test by its parameter is waited for', () => {
  const body = 'setTimeout(() => { expect(f()).toBe(1); done(); });';
  expect(testOf(body, 'done')?.assertions).toBe(1);
});

test.each([
  ['expect(add(1, 2)).toBe(3);', [['(add(1, 2))', '.toBe(3)']]],
  ['expect(run())\n  .rejects.toThrow("no");', [['(run())', ' .rejects.toThrow("no")']]],
])('%s says what it expects', (body, expected) => {
  const { expectations = [] } = testOf(body) ?? {};
  expect(expectations.map(({ subject, expected: said }) => [subject, said])).toEqual(
    expected.map(([subject = '', said]) => [`expect${subject}`, said]),
  );
});

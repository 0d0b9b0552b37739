import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Alone it takes minutes; begun last, it would leave one of two cores idle. */
const longest = '/test/gates/truth-table.test.ts';

/** The order of vitest, but for the longest file: a fresh checkout knows no durations, so sizes decide there. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith(longest);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

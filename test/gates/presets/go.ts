import { failed, passed, type Preset } from './preset.ts';

export const go: Preset = {
  name: 'go',
  needs: ['go'],
  files: {
    'go.mod': 'module example.com/orbit\n\ngo 1.24\n',
    'sums/sums.go': `// Package sums adds.
package sums

// Add adds.
func Add(a, b int) int {
	if a == 0 {
		return b
	}
	return a + b
}
`,
    'sums/sums_test.go': `package sums

import "testing"

func TestAdd(t *testing.T) {
	for _, row := range [][3]int{{1, 2, 3}, {0, 2, 2}} {
		if got := Add(row[0], row[1]); got != row[2] {
			t.Errorf("got %d", got)
		}
	}
}
`,
  },
  locks: ['go get -tool gotest.tools/gotestsum github.com/boumenot/gocover-cobertura'],
  trees: [
    {
      name: 'sound',
      files: {},
      expected: { build: passed, lint: passed, test: passed, coverage: passed },
    },
    {
      name: 'broken',
      files: {
        // `go test` looks for some of what `go vet` finds, and then runs no test; not for this.
        'sums/same.go':
          'package sums\n\n// Same gives it back.\nfunc Same(a int) int {\n\ta = a\n\treturn a\n}\n',
        'sums/more_test.go':
          'package sums\n\nimport "testing"\n\nfunc TestMore(t *testing.T) {\n\tif Add(1, 1) != 3 {\n\t\tt.Error("not three")\n\t}\n}\n',
      },
      expected: { build: passed, lint: failed('same.go'), test: failed('TestMore') },
    },
    {
      name: 'uncovered',
      files: {
        'never/never.go':
          'package never\n\n// Never is not called.\nfunc Never(a int) int {\n\tb := a\n\tc := b\n\treturn c\n}\n',
      },
      expected: { build: passed, lint: passed, test: passed, coverage: failed('never.go') },
    },
    {
      name: 'does not compile',
      files: { 'sums/more.go': 'package sums\n\nfunc more() int { return "x" }\n' },
      expected: { build: failed('more.go'), test: { status: 'failed' } },
    },
  ],
};

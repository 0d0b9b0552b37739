import { execFileSync } from 'node:child_process';

/** All commits of a bare repository, as the fake Gitea has them. */
export function commitsOf(bare: string) {
  const args = ['-C', bare, 'log', '--all', '--format=%H %P'];
  const lines = execFileSync('git', args, { encoding: 'utf8' }).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [commit = '', ...parents] = line.split(' ');
      return [commit, { parents: parents.filter(Boolean), files: ['src/add.js'] }] as const;
    }),
  );
}

/** The same with its branches, but for `main`. */
export function historyOf(bare: string) {
  const args = [
    '-C',
    bare,
    'for-each-ref',
    '--format=%(objectname) %(refname:lstrip=2)',
    'refs/heads',
  ];
  const lines = execFileSync('git', args, { encoding: 'utf8' }).trim().split('\n');
  const heads = lines.map((line) => line.split(' '));
  return {
    commits: commitsOf(bare),
    branches: new Map(
      heads.flatMap(([commit = '', name = '']) =>
        name === 'main' ? [] : [[name, commit] as const],
      ),
    ),
  };
}

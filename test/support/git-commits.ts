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

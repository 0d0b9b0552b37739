/** True for a file that a tool writes and that grows large: a lockfile, snapshots. */
export function isMade(path: string): boolean {
  return isLockfile(path) || isSnapshot(path);
}

export function isSnapshot(path: string): boolean {
  return /\.snap$|(^|\/)__(file_)?snapshots__\//.test(path);
}

function isLockfile(path: string): boolean {
  return /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/.test(
    path,
  );
}

/** True for a file that a tool writes and that grows large: a lockfile, snapshots. */
export function isMade(path: string): boolean {
  return isLockfile(path) || isSnapshot(path);
}

export function isSnapshot(path: string): boolean {
  return /\.snap$|(^|\/)__(file_)?snapshots__\//.test(path);
}

/** True for a file from which tests may take what they are given, or what they expect. */
export function isTestData(path: string): boolean {
  return (
    /(^|\/)(tests?|specs?|__tests__|testdata|(__)?fixtures(__)?|goldens?)\//.test(path) &&
    /\.(json[5cl]?|ya?ml|toml|txt|csv|tsv|xml|html?|svg|md|sql|graphql|golden|expected|out)$/.test(
      path,
    )
  );
}

function isLockfile(path: string): boolean {
  return /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/.test(
    path,
  );
}

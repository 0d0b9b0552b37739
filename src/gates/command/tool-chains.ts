/**
 * What tool chains need from the machine although nothing else of the caller's environment reaches a command. The
 * home of a command is empty and private, so a tool chain that keeps itself or its downloads below the home
 * is told where they are. Sources are the documentation of each tool.
 */

/** Directories of installed tool chains: the caller's variable, else this path below the caller's home, if it is there. */
export const installations: readonly {
  readonly variable: string;
  readonly belowHome?: string;
}[] = [
  // rustup, "Environment variables": the shims in ~/.cargo/bin find their toolchains by it.
  { variable: 'RUSTUP_HOME', belowHome: '.rustup' },
  // go help environment. A go that is found by PATH knows its own.
  { variable: 'GOROOT' },
  // pyenv, README "Environment variables".
  { variable: 'PYENV_ROOT', belowHome: '.pyenv' },
  // uv, "Environment variables": the interpreters that `uv python install` put there.
  { variable: 'UV_PYTHON_INSTALL_DIR', belowHome: '.local/share/uv/python' },
  { variable: 'JAVA_HOME' },
  { variable: 'DOTNET_ROOT', belowHome: '.dotnet' },
];

/** Directories for downloads and build results, below our own cache. */
export const caches: Readonly<Record<string, string>> = {
  // npm, "Config": npm_config_cache.
  npm_config_cache: 'npm',
  // pnpm, "Settings": storeDir, which older versions read as npm_config_store_dir. Without it a store that links cannot reach is made anew in the checkout.
  PNPM_HOME: 'pnpm',
  pnpm_config_store_dir: 'pnpm/store',
  npm_config_store_dir: 'pnpm/store',
  // Yarn 1; Yarn 2 and later keep the cache below the global folder.
  YARN_CACHE_FOLDER: 'yarn',
  YARN_GLOBAL_FOLDER: 'yarn-global',
  // Corepack, README "Environment variables".
  COREPACK_HOME: 'corepack',
  // Bun, "Environment variables".
  BUN_INSTALL_CACHE_DIR: 'bun',
  // uv and pip, "Environment variables" and "Caching".
  UV_CACHE_DIR: 'uv',
  PIP_CACHE_DIR: 'pip',
  // go help environment.
  GOMODCACHE: 'go/mod',
  GOCACHE: 'go/build',
  // Cargo Book, "Environment variables": registry, checkouts of git, and what `cargo install` builds.
  CARGO_HOME: 'cargo',
};

/** Directories, below the cache and the home of the commands, into which install steps put programs. */
export const installedPrograms = {
  belowCache: ['cargo/bin'],
  // pip install --user and uv tool install; go install.
  belowHome: ['.local/bin', 'go/bin'],
};

/** Variables that name files or directories of certificates. Commands with network get them. */
export const certificateVariables = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE'],
  ...['PIP_CERT', 'CURL_CA_BUNDLE', 'CARGO_HTTP_CAINFO', 'GIT_SSL_CAINFO'],
];

import { failed, passed, type Preset } from './preset.ts';

export const rustCargo: Preset = {
  name: 'rust-cargo',
  needs: ['cargo'],
  files: {
    'Cargo.toml':
      '[package]\nname = "orbit"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\nitoa = "1"\n',
    'src/lib.rs': `//! Adds.

/// Adds.
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

/// Writes a number.
pub fn text(a: i32) -> String {
    itoa::Buffer::new().format(a).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::add(1, 2), 3);
    }
}
`,
  },
  locks: ['cargo generate-lockfile'],
  trees: [
    { name: 'sound', files: {}, expected: { build: passed, lint: passed, test: passed } },
    {
      name: 'broken',
      files: {
        'tests/more.rs':
          'fn two() -> i32 {\n    return orbit::add(1, 1);\n}\n\n#[test]\nfn more() {\n    assert_eq!(two(), 3);\n}\n',
      },
      expected: {
        build: passed,
        lint: failed('tests/more.rs'),
        test: failed('tests/more.rs'),
      },
    },
    {
      name: 'does not compile',
      files: { 'src/lib.rs': 'pub fn add(a: i32) -> i32 { "x" }\n' },
      expected: {
        build: failed('src/lib.rs'),
        lint: { status: 'failed' },
        test: { status: 'failed' },
      },
    },
  ],
};

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets by name. */
export type Secrets = Readonly<Record<string, string>>;

/** A secret that is found nowhere else on this machine. */
export function createCanary(name: string): string {
  return `${name}-${randomBytes(12).toString('hex')}`;
}

/** Spellings in which a secret may stand somewhere: plain, in an address, and as git sends it. */
export function spellingsOf(secret: string): string[] {
  const basic = Buffer.from(`${secret}:x`).toString('base64');
  return [...new Set([secret, encodeURIComponent(secret), basic])];
}

/** Names of the secrets that stand in a text. */
export function secretsIn(text: string | Buffer, secrets: Secrets): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    spellingsOf(secret).some((spelling) => text.includes(spelling)) ? [name] : [],
  );
}

/** Names of the secrets by the file below a directory in which they stand. */
export function secretsBelow(directory: string, secrets: Secrets): Record<string, string[]> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => [file.slice(directory.length + 1), readIfThere(file)] as const)
    .map(([file, text]) => [file, secretsIn(text, secrets)] as const);
  return Object.fromEntries(found.filter(([, names]) => names.length > 0));
}

/** One that an agent has deleted meanwhile holds nothing. */
function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Names of the secrets in the objects of a repository: files, commits, their authors and messages. */
export function secretsInObjects(bare: string, secrets: Secrets): string[] {
  const objects = execFileSync(
    'git',
    ['-C', bare, 'cat-file', '--batch', '--batch-all-objects', '--buffer'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return secretsIn(objects, secrets);
}

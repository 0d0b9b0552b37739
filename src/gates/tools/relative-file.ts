import path from 'node:path';

/** A file as findings name it: relative to the directory under check, with `/`; absolute when outside. */
export function relativeFile(directory: string, file: string): string {
  const relative = path.relative(directory, path.resolve(directory, file));
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return (inside ? relative : path.resolve(directory, file)).replaceAll(path.sep, '/');
}

/** Maximum columns of a line, as formatters have it by default. */
const columns = 80;

/**
 * The text of a gates file, laid out as Prettier does by default: a list of texts is on one line when it fits.
 * Otherwise a project whose gates check the layout would fail for its own gates file.
 */
export function printGatesFile(file: object): string {
  const text = JSON.stringify(file, null, 2);
  const list = /^(.*)\[\n((?: *"(?:[^"\\]|\\.)*",?\n)+) *\](,?)$/gm;
  const joined = text.replaceAll(
    list,
    (whole: string, before: string, items: string, after: string) => {
      const line = `${before}[${items.trim().replaceAll(/",\n */g, '", ')}]${after}`;
      return line.length <= columns ? line : whole;
    },
  );
  return `${joined}\n`;
}

import type { Command } from 'commander';
import { z } from 'zod';

import { loadStoreConfig } from '../../config.ts';
import { CoordinatorError } from '../../errors.ts';
import { issueUrl } from '../../issue/plan.ts';
import { parseRef } from '../../issue/ref.ts';
import { thousands } from '../../lib/text.ts';
import { bounds, commandBounds } from '../../plans/picture/bounds.ts';
import { layOut, vizGraph } from '../../plans/picture/lay-out.ts';
import { dot, mermaid, type Picture } from '../../plans/picture/picture.ts';
import { readPicture } from '../../plans/picture/read-picture.ts';
import { findRepositoryId } from '../../plans/repository-names.ts';
import type { Io } from '../io.ts';
import { parseOptions, repositoryOption } from '../options.ts';
import { withDatabase } from '../with-database.ts';

const optionsSchema = z
  .object({
    svg: z.boolean().default(false),
    dot: z.boolean().default(false),
    mermaid: z.boolean().default(false),
    done: z.boolean().default(false),
    repo: repositoryOption.optional(),
  })
  .refine((given) => [given.svg, given.dot, given.mermaid].filter(Boolean).length === 1, {
    message: 'Use one of --svg, --dot and --mermaid',
  });

/** `graph`: the stored issues and what they wait for, as a picture or a source for one. */
export function addGraphCommand(program: Command, io: Io): void {
  program
    .command('graph')
    .description(
      'draw the stored issues and what they wait for; cycles red, the critical path bold',
    )
    .option('--svg', 'a picture, as SVG')
    .option('--dot', 'for Graphviz')
    .option('--mermaid', 'as Mermaid source')
    .option('--repo <owner/name>', 'only this repository, with what its issues wait for elsewhere')
    .option('--done', 'issues that are done, too')
    .action((options: unknown) => graph(io, options));
}

async function graph(io: Io, rawOptions: unknown): Promise<void> {
  const {
    svg,
    dot: asDot,
    repo: repository,
    done: withDone,
  } = parseOptions(optionsSchema, rawOptions);
  const { database, giteaUrl } = loadStoreConfig(io.environment());
  await withDatabase(database, async (db) => {
    if (repository !== undefined && (await findRepositoryId(db, repository)) === undefined)
      throw new CoordinatorError(
        'not_found',
        `No event has told of the repository ${repository}: correct --repo, or leave it out.`,
      );
    const limit = svg ? commandBounds.svgIssues : commandBounds.sourceIssues;
    const { picture, cut, isPartial } = await readPicture(db, { repository, limit, withDone });
    if (svg) io.stdout.write(await drawn(picture, giteaUrl));
    else io.stdout.write(asDot ? dot(picture) : mermaid(picture));
    if (cut > 0) io.stderr.write(`${cut} issues with few dependencies are left out.\n`);
    if (isPartial)
      io.stderr.write(
        `There are more than ${thousands(bounds.read)} issues or dependencies; these are the first.\n`,
      );
  });
}

async function drawn(picture: Picture, giteaUrl: string): Promise<string> {
  const viz = vizGraph(picture, {
    nameOf: (state) => state.replaceAll('_', ' '),
    pathOf: (ref) => {
      const issue = parseRef(ref);
      return issue === undefined ? undefined : issueUrl(giteaUrl, issue.repository, issue.number);
    },
    coloured: true,
  });
  const result = await layOut(viz, commandBounds.deadlineMs);
  if (typeof result !== 'string') return result.svg;
  throw new CoordinatorError(
    'graph_not_drawn',
    result === 'time'
      ? 'Graphviz needs more than a minute for this graph. Name one repository with --repo, or use --dot.'
      : 'Graphviz cannot draw this graph. Use --dot or --mermaid.',
  );
}

import type { LookupTarget } from '../plans/unknown-targets.ts';
import { refreshEvent } from '../issue/facts.ts';
import { factsOf } from './check-stored.ts';
import { addEvents, findStoredByKey, forEachTarget, type Pass } from './pass-state.ts';

/** Unknown issues that one pass looks up; the next one goes on behind them. */
const lookupsPerPass = 200;

/**
 * Looks up again the issues that texts name and that Gitea has not shown yet. One that is there now is put
 * into the inbox, whoever's it is; one that is missing for too long makes the issue that names it warn of it.
 * A full pass looks up those, too, that are missing for long or that nobody has looked up before. Returns where the next pass goes on.
 */
export async function lookUpUnknown(pass: Pass, after: number, full: boolean): Promise<number> {
  const { deps, signal } = pass;
  if (deps.unknown === undefined) return 0;
  const targets = await deps.unknown.list(after, lookupsPerPass, full);
  const resolve = deps.unknown.createResolver();
  const byTarget = Map.groupBy(targets, ({ repository, number }) => `${repository}#${number}`);
  await forEachTarget(pass, [...byTarget.values()], async (same) => {
    const [target] = same;
    if (target === undefined) return;
    const found = await resolve(target, signal);
    if (found.kind !== 'found') {
      await refreshNaming(
        pass,
        same.filter(({ isDue }) => isDue),
      );
      return;
    }
    await addEvents(pass, [{ kind: 'refreshed', issue: found.issue }]);
    // It may have another name than the text has for it: only reading that again joins the two.
    if (target.repositoryId === undefined) await refreshNaming(pass, same);
  });
  return targets.length < lookupsPerPass ? 0 : (targets.at(-1)?.edge ?? 0);
}

/** Has the issues read again that name these. */
async function refreshNaming(pass: Pass, targets: readonly LookupTarget[]): Promise<void> {
  if (targets.length === 0) return;
  const stored = await findStoredByKey(
    pass,
    targets.map(({ declaredBy }) => declaredBy),
  );
  await addEvents(
    pass,
    [...stored.values()].map((each) => refreshEvent(factsOf(each))),
  );
}

import { forEachTarget, type Pass } from './pass-state.ts';

/** Repositories in which nothing is handed out that every pass asks about. */
const shutPerPass = 20;
/** Repositories that a full pass asks about. */
const allPerPass = 200;

/** Asks again about repositories: a full pass about all, every other one about those that are shut. */
export async function checkRepositories(pass: Pass, full: boolean): Promise<void> {
  const { repositories } = pass.deps;
  if (repositories === undefined) return;
  const some = await repositories.list(!full, full ? allPerPass : shutPerPass);
  const groups = some.map((address) => [{ ...address, number: 0 }]);
  await forEachTarget(pass, groups, async ([address]) => {
    if (address !== undefined) await repositories.check(address, pass.signal);
  });
}

import { issueText } from './support/issue-text.ts';
import { bot, type World } from './support/world.ts';

export interface Changes {
  /** Twenty different things that people do, in order. */
  readonly changes: readonly (() => Promise<unknown>)[];
  /** The issue that loses our comment by one of them. */
  readonly uncommented: number;
}

/** Opens issues for people to change. */
export async function prepareChanges(world: World): Promise<Changes> {
  const { maria, tom } = world;
  const ours = (title: string, blockers: readonly number[] = []) =>
    maria.open({ title, body: issueText(blockers), assignees: [bot] });
  const blocker = await maria.open({ title: 'A blocker' });
  const closedBlocker = await maria.open({ title: 'A blocker that is done' });
  await tom.close(closedBlocker);
  const waits = await ours('Waits for the blocker', [blocker]);
  const waitsForClosed = await ours('Waited for what is done', [closedBlocker]);
  const edited = await ours('Is edited');
  const retitled = await ours('Gets another title');
  const closed = await ours('Is closed');
  const released = await ours('Is taken from the bot');
  const handedOver = await ours('Is given to somebody else');
  const returned = await ours('Is taken and given back');
  const later = await maria.open({ title: 'Is given to the bot', body: issueText() });
  const native = await ours('Gets a blocker on the page');
  const freed = await ours('Loses a blocker on the page');
  await maria.addBlocker(freed, blocker);
  const labelled = await ours('Gets a label');
  const uncommented = await ours('Loses the comment of the bot');
  const reopened = await ours('Is closed and opened again');
  const bug = await maria.createLabel('bug');
  const changes = [
    () => tom.close(blocker),
    () => tom.reopen(closedBlocker),
    () => maria.change(edited, { body: issueText([closedBlocker], '62,400') }),
    () => maria.change(retitled, { title: 'Has another title' }),
    () => maria.close(closed),
    () => maria.assign(released, []),
    () => maria.assign(handedOver, ['tom']),
    () => maria.assign(returned, []),
    () => maria.assign(returned, [bot]),
    () => maria.assign(later, [bot]),
    () => maria.addBlocker(native, closedBlocker),
    () => maria.removeBlocker(freed, blocker),
    () => tom.addLabel(labelled, bug),
    async () => {
      for (const { id, user } of await maria.comments(uncommented))
        if (user.login === bot) await tom.deleteComment(id);
    },
    () => tom.close(reopened),
    () => tom.reopen(reopened),
    () => ours('Opened meanwhile'),
    () => ours('Opened meanwhile, waits', [waits]),
    () => maria.change(waitsForClosed, { body: issueText([closedBlocker, waits]) }),
    () => tom.comment(edited, 'Please have another look.'),
  ];
  return { changes, uncommented };
}

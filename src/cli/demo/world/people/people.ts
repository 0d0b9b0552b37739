import { createAnswers } from './answers.ts';
import { createHappenings } from './happenings.ts';
import { createIdeas } from './idea-box.ts';
import type { PeopleDeps } from './habits.ts';
import { createPatience } from './patience.ts';
import { createReviews } from './reviews.ts';
import { createSplits } from './splits.ts';

/** The people of the world: they review, merge, answer, split, open issues, and make mistakes. */
export function createPeople(deps: PeopleDeps) {
  const patience = createPatience();
  const habits = { ...deps, patience };
  const review = createReviews(habits);
  const answer = createAnswers(habits);
  const split = createSplits(habits);
  const supply = createIdeas(habits);
  const happen = createHappenings(habits);

  async function step(): Promise<void> {
    patience.pass(deps.pace());
    await review();
    await supply();
    if (!deps.isOpen()) return;
    await answer();
    await split();
    await happen();
  }

  return { step };
}

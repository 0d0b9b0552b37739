import type { Sentences } from '../../issue/coded.ts';
import type { StateReasonParams } from '../../issue/reasons.ts';
import { code, pageLink, repositoryOf } from './markdown.ts';
import type { ReasonAdvice, Subject } from './subject.ts';

/** Whoever can do what no reader of the issue can. */
export const operator = 'whoever runs the coordinator';
export const editToRetry = 'change the text of the issue, and an agent gets it again';

type VerificationReasons = Pick<
  StateReasonParams,
  | ('awaiting_verification' | 'gates_passed' | 'gates_failed' | 'verification_error')
  | ('pull_request_closed' | 'review_rounds' | 'merged_not_closed')
>;

/** About a commit that shall complete the issue, and its pull request. */
export const verificationReasons: Sentences<
  VerificationReasons,
  (subject: Subject) => ReasonAdvice
> = {
  awaiting_verification:
    ({ commit, checked }) =>
    (subject) => ({
      reason: `An agent says that ${commitOf(subject, commit)} completes it${checked ? '' : ' (nobody has looked whether this commit exists)'}: check that.`,
      change: [
        `Close the issue if it is right. If not, write into the text what is missing, then unassign ${code(subject.setting.bot)} and assign it again: an agent gets the issue again.`,
      ],
    }),
  gates_passed:
    ({ commit, pull }) =>
    (subject) => ({
      reason: `Gates passed on ${commitOf(subject, commit)}: ${pull === null ? 'it' : pullOf(subject, pull)} waits for review.`,
      change: [
        pull === null
          ? 'Open a pull request for it, or close the issue when it is merged.'
          : 'Merge the pull request if it is right. Ask for changes in a review, and an agent gets the issue again.',
      ],
    }),
  gates_failed:
    ({ commit, count }) =>
    (subject) => ({
      reason: `An agent brought ${commitOf(subject, commit)}, and the gates failed ${count} times.`,
      change: [
        `Make the issue smaller or clearer: ${editToRetry}. Or ask ${operator} to resume it.`,
      ],
    }),
  verification_error:
    ({ commit }) =>
    (subject) => ({
      reason: `${commitOf(subject, commit)} could not be verified, through no fault of its own.`,
      change: [`Ask ${operator} for the cause, and to have it verified again.`],
    }),
  pull_request_closed:
    ({ pull }) =>
    (subject) => ({
      reason: `Its ${pullOf(subject, pull)} was closed without a merge.`,
      change: [`Reopen the pull request, or ${editToRetry}.`],
    }),
  review_rounds:
    ({ pull, rounds }) =>
    (subject) => ({
      reason: `Reviews, failed checks or conflicts sent its ${pullOf(subject, pull)} back ${rounds} times.`,
      change: [`Go on with it by hand, or ${editToRetry}.`],
    }),
  merged_not_closed:
    ({ pull }) =>
    (subject) => ({
      reason: `Its ${pullOf(subject, pull)} was merged, and the issue is still open.`,
      change: [`Close the issue. If something is left to do, ${editToRetry}.`],
    }),
};

/** A link to the page of the commit; its first characters are enough for people. */
function commitOf({ plan, setting }: Subject, commit: string): string {
  if (!/^[0-9a-f]{7,64}$/.test(commit)) return 'a commit';
  const words = code(commit.slice(0, 10));
  const repository = repositoryOf(plan.ref);
  if (repository === undefined) return words;
  return pageLink(words, setting.giteaUrl, `${repository}/commit/${commit}`);
}

function pullOf({ plan, setting }: Subject, pull: number): string {
  const repository = repositoryOf(plan.ref);
  // Without the sign by which Gitea knows a reference: it would be told to the pull request.
  const words = `pull request ${pull}`;
  return repository === undefined
    ? words
    : pageLink(words, setting.giteaUrl, `${repository}/pulls/${pull}`);
}

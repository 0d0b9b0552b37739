/** What a check of `/health` is about, and what helps when it fails. */
export interface CheckText {
  readonly title: string;
  readonly meaning: string;
  /** Where the check itself names no cure. */
  readonly cure: string;
  /** Why it may be off. */
  readonly off?: string;
}

const doctor = 'Run `mosaic-coordinator doctor`: it says what is wrong and what to do.';

/** By the name of the check. */
export const checkTexts: Readonly<Record<string, CheckText>> = {
  store: {
    title: 'Database',
    meaning: 'Plans, claims and deliveries can be stored.',
    cure: 'Read the log of the service, which says why. Deliveries are taken meanwhile.',
  },
  intake: {
    title: 'Taking deliveries',
    meaning: 'Webhooks of Gitea are stored before they are answered.',
    cure: 'Read the log of the service: as long as this lasts, Gitea is told to send again.',
  },
  inbox: {
    title: 'Inbox',
    meaning: 'Deliveries that were taken are handled.',
    cure: 'Look at the deliveries that were given up: each says why. Replay them when the cause is gone.',
  },
  gitea: {
    title: 'Gitea',
    meaning: 'Gitea answers when it is asked. What waits for it goes on by itself.',
    cure: `Look whether Gitea runs and can be reached from here. ${doctor}`,
    off: 'GITEA_TOKEN is not set: nothing is read from Gitea or written to it.',
  },
  claude: {
    title: 'Claude',
    meaning: 'Claude answers when a text is read. Without it issues are read by the grammar alone.',
    cure: `Look at the key, its credit and its limits. ${doctor}`,
    off: 'No key is set, or ISSUE_READER is offline: texts are read by the grammar alone.',
  },
  webhook: {
    title: 'Webhook',
    meaning: 'Gitea tells of changes, and what it sends is understood.',
    cure: doctor,
  },
  connections: {
    title: 'Connections',
    meaning: 'There is room for further connections.',
    cure: 'Let a proxy in front of the service keep strangers away, or raise its limit of open files.',
  },
  reconcile: {
    title: 'Comparing with Gitea',
    meaning: 'What webhooks did not tell is found by looking.',
    cure: `It is tried again by itself. If it goes on, look at the failure. ${doctor}`,
    off: 'GITEA_TOKEN is not set: nothing can be compared.',
  },
  verification: {
    title: 'Verification',
    meaning: 'Commits that agents call complete are proved by their gates.',
    cure: 'Look at the latest failure and at the log of the verifier. Errors of ours never count against an agent.',
    off: 'Nothing is verified here: set GITEA_TOKEN, and VERIFIERS above 0.',
  },
  publish: {
    title: 'Comments and labels',
    meaning: 'Plans are written to their issues on Gitea.',
    cure: `It is tried again by itself. If it goes on, the bot may lack the right to write. ${doctor}`,
    off: 'PUBLISH is none, or GITEA_TOKEN is not set: nothing is written.',
  },
  forge: {
    title: 'Statuses and pull requests',
    meaning: 'Verdicts are written to commits, and pull requests are opened.',
    cure: `Look at the refusal: most often the token of the bot lacks write:repository. ${doctor}`,
    off: 'Nothing is verified here, so there is no verdict to write.',
  },
  notify: {
    title: 'Notifications',
    meaning: 'People are told what needs them.',
    cure: 'Correct NOTIFY_URL, or mend the receiver; doctor sends a trial.',
    off: 'NOTIFY_URL is not set: nobody is told.',
  },
  traces: {
    title: 'Traces',
    meaning: 'The collector of OpenTelemetry takes traces.',
    cure: 'Correct OTEL_EXPORTER_OTLP_ENDPOINT, or mend the collector; doctor sends it a trial.',
    off: 'OTEL_EXPORTER_OTLP_ENDPOINT is not set: no traces are sent.',
  },
  api: {
    title: 'API',
    meaning: 'Programs call the service with valid tokens.',
    cure: 'Read the log of the service.',
  },
};

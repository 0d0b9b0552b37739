/** Every label of ours begins with this: where an issue stands. */
export const ownLabelScope = 'coordinator/';

/** First thing in every comment of ours; it counts only in a comment that the bot itself wrote. */
export const ownCommentMarker = '<!-- mosaic-coordinator -->';

/** What a comment of ours is known by, also one of another version. */
export const ownCommentMarkerPrefix = '<!-- mosaic-coordinator';

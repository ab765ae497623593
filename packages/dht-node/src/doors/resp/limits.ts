/** What one connection may have under way, and all of them together. */

/** Commands of one connection that are unanswered; beyond that it is not read. */
export const COMMANDS_UNANSWERED_MAX = 1_024;
/** Bytes of commands of one connection that are unanswered; one more is taken. */
export const REQUEST_BYTES_UNANSWERED_MAX = 8 * 1024 * 1024;
/** Bytes of replies that wait for the client to read; beyond that nothing more of it is taken. */
export const UNSENT_BYTES_MAX = 1024 * 1024;
/** Bytes that the replies to what is under way may come to, by the size of recent ones. */
export const REPLY_BYTES_EXPECTED_MAX = 32 * 1024 * 1024;
/** The size of a reply before any is known. */
export const REPLY_BYTES_FIRST = 256 * 1024;
/** Bytes of replies in one write, and the rest of the last of them: what a turn brings, if it is not very much. */
export const WRITE_BYTES_TARGET = 256 * 1024;
/** By how much the expectation falls with each smaller reply. */
export const EXPECTATION_DECAY = 0.9;
/** Operations of one command that are under way at a time. */
export const OPERATIONS_AT_ONCE_MAX = 1_024;
/** Writes of one arc that this door has under way; one frame more is sent. An arc's window holds four times as many. */
export const WRITES_UNDER_WAY_MAX = 16_384;
/** Values that one command is told, bytes. */
export const COMMAND_VALUES_BYTES_MAX = 64 * 1024 * 1024;
/** Commands and bytes between MULTI and EXEC. */
export const QUEUED_COMMANDS_MAX = 1_024;
export const QUEUED_BYTES_MAX = 4 * 1024 * 1024;
/** A client that listens and does not read is cut when so much waits for it. */
export const PUSHED_BYTES_MAX = 8 * 1024 * 1024;
/** Channels and patterns of one connection. */
export const SUBSCRIPTIONS_MAX = 1_024;
/** Connections, unless fewer files may be open. */
export const CONNECTIONS_MAX = 10_000;
/** Share of the files that may be open which connections of this door take. */
export const CONNECTIONS_SHARE = 1 / 2;
/** Bytes that all connections hold: half-sent commands, commands under way, replies that are not read. */
export const DOOR_BYTES_MAX = 256 * 1024 * 1024;
/** How often it is looked who stands still. */
export const LOOK_MS = 250;
/** How long connections are answered when the node stops. */
export const DRAIN_MS = 2_000;
/** How long the last replies may take to leave. */
export const FAREWELL_MS = 500;

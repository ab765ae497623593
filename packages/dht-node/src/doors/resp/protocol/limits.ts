/** What a request may be at most. Where Redis has a limit of its own, it is the same one or a smaller one. */

/** A line: an inline command, or a count or a length with its sign. As in Redis (PROTO_INLINE_MAX_SIZE). */
export const LINE_BYTES_MAX = 64 * 1024;
/** Arguments of one command. As in Redis before version 7. */
export const ARGUMENTS_MAX = 1024 * 1024;
/** One argument: several times the largest value, so that one that is too large is told so and the connection goes on. */
export const ARGUMENT_BYTES_MAX = 8 * 1024 * 1024;
/** All arguments of one command, with what an argument costs beside its bytes. */
export const REQUEST_BYTES_MAX = 32 * 1024 * 1024;
/** What an argument costs beside its bytes. */
export const ARGUMENT_BYTES_EACH = 16;

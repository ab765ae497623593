/**
 * What an answer, a broken stream or a deadline means for a call. The rules:
 *
 * 1. A refusal (NOT_OWNER, UNAVAILABLE, RESOURCE_EXHAUSTED, or the node's own DEADLINE_EXCEEDED) says that nothing was
 *    started. Reads and writes may both be sent again, within the caller's deadline.
 * 2. A read may always be sent again.
 * 3. A write that was handed to a stream and not answered may have happened. It is never sent again, and its outcome is
 *    unknown.
 * 4. A node that is taken for dead, or is silent, is unlikely to answer for a key that another node owns by now. Its
 *    reads are sent there, and its writes have an unknown outcome at once.
 * 5. When the deadline passes, a call that was refused by a node reports the refusal: "unavailable" tells the caller
 *    more than "too late".
 */

import type { ErrorCode } from '@ringkeep/shared';
import type { Call, CallResult } from './call';
import type { ClientRules } from './rules';

export type Verdict =
  | { readonly kind: 'settle'; readonly result: CallResult }
  /** Send it again: at once with the newer ring, otherwise after a pause. */
  | { readonly kind: 'resend'; readonly atOnce: boolean };

const RESEND_AT_ONCE: Verdict = { kind: 'resend', atOnce: true };
const RESEND_LATER: Verdict = { kind: 'resend', atOnce: false };

function failure(code: ErrorCode, text: string): CallResult {
  return { ok: false, code, text };
}

/** A node has answered. */
export function verdictOnResult(call: Call, result: CallResult): Verdict {
  if (result.ok) return { kind: 'settle', result };
  switch (result.code) {
    case 'NOT_OWNER':
      call.refusal = result;
      call.strays++;
      if (!call.retries) return { kind: 'settle', result };
      return call.strays === 1 ? RESEND_AT_ONCE : RESEND_LATER;
    case 'UNAVAILABLE':
    case 'RESOURCE_EXHAUSTED':
    case 'DEADLINE_EXCEEDED':
      call.refusal = result;
      call.strays = 0;
      return call.retries ? RESEND_LATER : { kind: 'settle', result };
    case 'OUTCOME_UNKNOWN':
      return call.retries && !call.isWrite ? RESEND_LATER : { kind: 'settle', result };
    default:
      return { kind: 'settle', result };
  }
}

/** The stream on which the call travelled has ended without an answer. */
export function verdictOnBreak(call: Call, address: string, reason: string, rules: ClientRules): Verdict {
  if (rules.isDoubtfulOnBreak(call.isWrite)) {
    const text = `outcome unknown: the connection to ${address} broke (${reason}), the write may have happened`;
    return { kind: 'settle', result: failure('OUTCOME_UNKNOWN', text) };
  }
  if (call.retries) return RESEND_LATER;
  return {
    kind: 'settle',
    result: failure('UNAVAILABLE', `the connection to ${address} broke (${reason})`),
  };
}

/** The node that has the call is unlikely to answer, and another one owns the key by now. */
export function verdictOnReplacement(call: Call, address: string, rules: ClientRules): Verdict {
  if (!rules.isDoubtfulOnReplacement(call.isWrite)) return RESEND_LATER;
  const text = `outcome unknown: ${address} does not answer and has been replaced, the write may have happened`;
  return { kind: 'settle', result: failure('OUTCOME_UNKNOWN', text) };
}

/** The deadline has passed. `address` is where the call travels; `obstacle` why it was not sent, if known. */
export function resultOnDeadline(
  call: Call,
  address: string | undefined,
  obstacle: string | undefined,
): CallResult {
  if (address !== undefined) {
    if (!call.isWrite) {
      return failure('DEADLINE_EXCEEDED', `the deadline has passed without an answer from ${address}`);
    }
    const text = `outcome unknown: no answer from ${address} within the deadline, the write may have happened`;
    return failure('OUTCOME_UNKNOWN', text);
  }
  const { refusal } = call;
  if (refusal?.code === 'UNAVAILABLE' || refusal?.code === 'RESOURCE_EXHAUSTED')
    return failure(refusal.code, refusal.text);
  const why = obstacle ?? refusal?.text;
  const text = `the deadline has passed, nothing was ${call.isWrite ? 'written' : 'read'}`;
  return failure('DEADLINE_EXCEEDED', why === undefined ? text : `${text}: ${why}`);
}

/** The caller has cancelled the call, or the client was closed; `address` is where it travels. */
export function resultOnCancel(call: Call, address: string | undefined, by: string): CallResult {
  if (address !== undefined && call.isWrite) {
    return failure('OUTCOME_UNKNOWN', `outcome unknown: cancelled by ${by} after it was sent to ${address}`);
  }
  return failure('CANCELLED', `cancelled by ${by}`);
}

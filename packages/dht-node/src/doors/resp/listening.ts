/**
 * SUBSCRIBE and its like, of one connection.
 *
 * There are two kinds of channels, those of Redis' keyspace notifications: `__keyspace@0__:KEY`, which tells what became
 * of a key, and `__keyevent@0__:EVENT`, which tells of which key. Another channel would never tell anything, so it is
 * refused. A subscription is answered when its changes are watched: whatever is written after that is told.
 */

import type { Bytes } from '@ringkeep/shared';
import { fault, ringError } from './commands/fault';
import { literalPrefix, matchesGlob } from './glob';
import { SUBSCRIPTIONS_MAX } from './limits';
import { bulk, bulkText, integer, nil, push, type Reply } from './protocol/replies';
import type { ChangeListener, KeyChange, RingChanges } from './keyspace/ring-changes';
import type { Session } from './session';

const KEYSPACE = '__keyspace@0__:';
const KEYEVENT = '__keyevent@0__:';
/** What Redis calls them; its `set` may be any write here. */
const EVENTS = { put: 'set', delete: 'del', expiry: 'expired' } as const;

type Begin = 'subscribe' | 'psubscribe';
type End = 'unsubscribe' | 'punsubscribe';

export class Listening implements ChangeListener {
  constructor(
    private readonly session: Session,
    private readonly changes: RingChanges,
    /** Sends what was not asked for. */
    private readonly tell: (reply: Reply) => void,
  ) {}

  begin(name: Begin, given: readonly Bytes[], answer: (reply: Reply) => void): void {
    const { session } = this;
    const targets = name === 'subscribe' ? session.channels : session.patterns;
    const test = name === 'subscribe' ? isTold : mayBeTold;
    const wrong = given.find((each) => !test(each));
    if (wrong !== undefined) return answer(neverTold(wrong));
    const added = given.filter((each) => !targets.has(each)).length;
    if (session.subscriptions + added > SUBSCRIPTIONS_MAX)
      return answer(fault(`ERR a connection may have ${SUBSCRIPTIONS_MAX} subscriptions`).reply);
    this.changes.listen(this).then(
      () => {
        const texts = given.map((each) => {
          targets.add(each);
          return this.confirmed(name, bulk(each));
        });
        answer(texts.join('') as Reply);
      },
      (error: { readonly message: string }) => answer(ringError('UNAVAILABLE', error.message, false)),
    );
  }

  end(name: End, given: readonly Bytes[]): Reply {
    const targets = name === 'unsubscribe' ? this.session.channels : this.session.patterns;
    const ended = given.length > 0 ? given : [...targets];
    if (ended.length === 0) return this.confirmed(name, nil(this.session.protocol));
    const texts = ended.map((each) => {
      targets.delete(each);
      return this.confirmed(name, bulk(each));
    });
    this.leaveIfDone();
    return texts.join('') as Reply;
  }

  /** The connection ends, or begins anew. */
  endAll(): void {
    this.session.channels.clear();
    this.session.patterns.clear();
    this.leaveIfDone();
  }

  changed({ key, kind }: KeyChange): void {
    const { channels, patterns, protocol } = this.session;
    const event = EVENTS[kind];
    const told = [
      { channel: `${KEYSPACE}${key}`, message: event },
      { channel: `${KEYEVENT}${event}`, message: key },
    ];
    for (const { channel, message } of told) {
      const said = [bulkText(channel), bulkText(message)];
      if (channels.has(channel as Bytes)) this.tell(push([bulkText('message'), ...said], protocol));
      for (const pattern of patterns)
        if (matchesGlob(pattern, channel))
          this.tell(push([bulkText('pmessage'), bulk(pattern), ...said], protocol));
    }
  }

  private leaveIfDone(): void {
    if (this.session.subscriptions === 0) this.changes.leave(this);
  }

  private confirmed(name: Begin | End, target: Reply): Reply {
    return push([bulkText(name), target, integer(this.session.subscriptions)], this.session.protocol);
  }
}

function isTold(channel: Bytes): boolean {
  return channel.startsWith(KEYSPACE) || channel.startsWith(KEYEVENT);
}

/** Whether a pattern can match one that is. */
function mayBeTold(pattern: Bytes): boolean {
  const prefix = literalPrefix(pattern);
  return [KEYSPACE, KEYEVENT].some((kind) => kind.startsWith(prefix) || prefix.startsWith(kind));
}

function neverTold(channel: Bytes): Reply {
  return fault(
    `ERR '${channel.slice(0, 128)}' would never tell anything: channels begin with ${KEYSPACE} or ${KEYEVENT}`,
  ).reply;
}

/**
 * At most `limit` requests of a caller in `seconds`, counted in the ring.
 *
 * @param redis a client by ioredis
 * @returns whether this one may pass, how many more may, and after how many seconds the window is over
 */
export async function admit(redis, caller, { limit, seconds }) {
  const key = `rate/${caller}`;
  const replies = await redis.multi().incr(key).expire(key, seconds, 'NX').ttl(key).exec();
  const [count, , left] = replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  return { passes: count <= limit, remaining: Math.max(0, limit - count), resetSeconds: left };
}

const LOCK_MS = 10_000;

/**
 * The text that the ring keeps under a key; loaded once by whoever comes first, if there is none.
 *
 * @param ring a RingClient
 * @param load asks the slow service
 */
export async function cached(ring, key, ttlMs, load) {
  const found = await ring.getText(key);
  if (found !== undefined) return found;
  const lock = await ring.lock(`lock of ${key}`, { ttlMs: LOCK_MS });
  try {
    // Somebody else may have loaded it while this one waited for the lock.
    const meanwhile = await ring.getText(key);
    if (meanwhile !== undefined) return meanwhile;
    const loaded = await load();
    await ring.set(key, loaded, { ttlMs });
    return loaded;
  } finally {
    await lock.release();
  }
}

/** What the leader writes. What comes with a smaller token than has been seen is refused: its leader leads no more. */

const TOKEN = '{report}token';
const TEXT = '{report}text';

/** @returns whether it was written; if not, somebody with a greater token has written, or writes right now */
export async function report(ring, token, text) {
  const seen = await ring.getVersioned(TOKEN);
  if (seen && Number(Buffer.from(seen.value)) > token) return false;
  const { held } = await ring.transact({
    if: [{ key: TOKEN, ifVersion: seen?.version ?? 0 }],
    then: [
      { op: 'set', key: TOKEN, value: String(token) },
      { op: 'set', key: TEXT, value: text },
    ],
  });
  return held;
}

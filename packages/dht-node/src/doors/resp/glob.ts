/** Redis' patterns: `*`, `?`, `[ab]`, `[^a]`, `[a-z]`, and a backslash for what is meant as it is. */

/** Whether a text is as a pattern says. Takes time of the order of their lengths' product at most. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      starText = t;
      continue;
    }
    const end = p < pattern.length ? matchedOne(pattern, p, text.charAt(t)) : undefined;
    if (end !== undefined) {
      p = end;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starText;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** What every match begins with. */
export function literalPrefix(pattern: string): string {
  return /^[^*?[\\]*/.exec(pattern)?.[0] ?? '';
}

/** @returns the place behind the part of the pattern that this character matches */
function matchedOne(pattern: string, at: number, char: string): number | undefined {
  switch (pattern[at]) {
    case '?':
      return at + 1;
    case '[':
      return matchedClass(pattern, at + 1, char);
    case '\\':
      if (at + 1 < pattern.length) return pattern[at + 1] === char ? at + 2 : undefined;
      return char === '\\' ? at + 1 : undefined;
    default:
      return pattern[at] === char ? at + 1 : undefined;
  }
}

/** One that is not closed ends with the pattern. */
function matchedClass(pattern: string, from: number, char: string): number | undefined {
  const isNot = pattern[from] === '^';
  let at = isNot ? from + 1 : from;
  let isIn = false;
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) {
      at++;
      isIn ||= pattern[at] === char;
    } else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const ends = [pattern.charAt(at), pattern.charAt(at + 2)].sort() as [string, string];
      isIn ||= char >= ends[0] && char <= ends[1];
      at += 2;
    } else isIn ||= pattern[at] === char;
  }
  return isIn === isNot ? undefined : Math.min(at + 1, pattern.length);
}

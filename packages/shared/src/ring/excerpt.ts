/** Quotes in errors what came in: enough to find it, but not as much as somebody cares to send. */

/** The most bytes of UTF-8 that an error quotes. */
export const QUOTED_BYTES_MAX = 200;
const CUT = '…';

/** The beginning of a text. */
export function excerpt(text: string): string {
  if (text.length * 3 <= QUOTED_BYTES_MAX) return text;
  let bytes = 0;
  let whole = 0;
  let end = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > QUOTED_BYTES_MAX) return text.slice(0, end) + CUT;
    whole += character.length;
    if (bytes <= QUOTED_BYTES_MAX - 3) end = whole;
  }
  return text;
}

/** The beginning of a text, in quotation marks and with nothing in it that a terminal would act on. */
export function quoted(text: string): string {
  return excerpt(JSON.stringify(text));
}

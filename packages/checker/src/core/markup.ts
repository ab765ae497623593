/** Text made safe for HTML and SVG: keys and values are whatever clients wrote. */

/** Control characters, which markup may not hold even escaped, and halves of surrogate pairs. */
const NOT_TEXT = /(?![\t\n])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text between tags and within quoted attributes. */
export function escapeMarkup(text: string): string {
  return text.replace(NOT_TEXT, '\ufffd').replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}

/** Colours, for terminals that want them (https://no-color.org). */

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39] } as const;

export function styleText(stream: NodeJS.WritableStream, style: keyof typeof CODES, text: string): string {
  const wanted =
    'hasColors' in stream && typeof stream.hasColors === 'function' && stream.hasColors() === true;
  const [on, off] = CODES[style];
  return wanted ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

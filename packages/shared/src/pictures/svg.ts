/** The few pieces of SVG that the pictures are made of. */

export type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeText(value)}"`)
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

export function label(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content));
}

export function polyline(points: readonly (readonly [number, number])[], attributes: Attributes): string {
  const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
  return element('path', { d: path, fill: 'none', ...attributes });
}

/** A whole picture on white, so that it reads on a dark page too. */
export function svgDocument(width: number, height: number, parts: readonly string[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
    fill: '#222',
  };
  const paper = element('rect', { width, height, fill: '#fff' });
  return `${element('svg', frame, `\n${[paper, ...parts].join('\n')}\n`)}\n`;
}

/** Colours that differ for the colour-blind too (Okabe and Ito), and a grey. */
export const PALETTE = {
  blue: '#0072b2',
  vermilion: '#d55e00',
  green: '#009e73',
  purple: '#cc79a7',
  sky: '#56b4e9',
  orange: '#e69f00',
  grey: '#888888',
} as const;

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

export * from './line-chart';
export { PALETTE, element, label, polyline, round, svgDocument, type Attributes } from './svg';

/**
 * `node scripts/import-circles.mjs`: files that import each other in a circle, types included, are named, and it fails.
 *
 * A circle of types compiles and runs, and yet none of its files can be read, moved or tested without all the others.
 * ESLint's rules leave imports of types out. dependency-cruiser finds them, with 43 packages, and its present versions
 * want a newer Node.js than this project. Between packages the compiler's project references forbid circles already, so
 * only files of one package are looked at.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const PLACES = ['packages', 'scripts'];
const LEFT_OUT = new Set(['node_modules', 'dist', 'generated', 'fixtures']);

/** Source files below a folder. */
function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : sourcesIn(path);
    return /(?<!\.d)\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** The files that one of a package imports from it. */
function importsOf(path) {
  const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => resolve(dirname(path), fileName))
    .map((target) => [`${target}.ts`, join(target, 'index.ts')].find((file) => existsSync(file)))
    .filter((file) => file !== undefined);
}

/** Tarjan's algorithm. @returns the sets of two and more that all reach each other */
export function circlesIn(graph) {
  const circles = [];
  const order = new Map();
  const lowest = new Map();
  const open = [];
  const visit = (node) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node));
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const circle = open.splice(open.indexOf(node));
    if (circle.length > 1 || graph.get(node)?.includes(node)) circles.push(circle.sort());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}

/** A line for each circle below a folder: who of it imports whom. */
export function importCircles(root) {
  const sources = PLACES.map((place) => join(root, place))
    .filter((place) => existsSync(place))
    .flatMap(sourcesIn);
  const graph = new Map(sources.map((path) => [path, importsOf(path)]));
  return circlesIn(graph).map((circle) => {
    const lines = circle.map((path) => {
      const others = graph.get(path).filter((other) => circle.includes(other));
      return `  ${relative(root, path)} imports ${others.map((other) => relative(root, other)).join(', ')}`;
    });
    return [
      'These files import each other in a circle; move what they share into a file of its own:',
      ...lines,
    ].join('\n');
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const circles = importCircles(resolve(process.argv[2] ?? '.'));
  for (const circle of circles) process.stderr.write(`${circle}\n`);
  if (circles.length > 0) process.exitCode = 1;
}

export * from './instruments';
export * from './meter';
export * from './meter-conformance';
export * from './observers';
export * from './readable-meter';
export * from './reading';

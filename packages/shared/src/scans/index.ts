export * from './cursor';
export * from './range';
export * from './scan';
export * from './scan-entry';
export * from './scan-page';
export * from './scan-query';

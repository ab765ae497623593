export * from './cursor';
export * from './scan';
export * from './scan-page';
export * from './scan-query';

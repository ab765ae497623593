export * from './config';
export * from './effects';
export * from './inputs';
export * from './placement';
export * from './registry';
export * from './state';

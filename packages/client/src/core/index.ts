export * from './call';
export * from './effects';
export * from './frame';
export * from './limits';
export * from './session';

export * from './call';
export * from './call-queue';
export * from './effects';
export * from './frame';
export * from './lane';
export * from './limits';
export * from './send-window';
export * from './session';

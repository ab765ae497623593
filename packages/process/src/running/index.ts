export * from './lifecycle';
export * from './limited-log';
export * from './logging';
export * from './monotonic-clock';
export * from './repeated-look';
export * from './retry';

export * from './data-folder';
export * from './disk-storage';
export * from './identity';
export { DiskLogFolder, type LogFile, type LogFolder } from './log-folder';
export * from './memory-entry-store';
export * from './memory-storage';
export * from './node-storage';

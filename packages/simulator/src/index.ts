export * from './fault-kinds';
export * from './focus';
export * from './left-out';
export * from './planted-bugs';
export * from './scenario';
export * from './shrinking';
export * from './simulation';
export * from './story';
export { formatLine } from './world/trace';

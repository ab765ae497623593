export * from './scenario';
export * from './simulation';
export { formatLine } from './world/trace';

export * from './bulk';
export { StatusWatch, type StatusSeen } from './status-watch';

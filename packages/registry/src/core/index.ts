export * from './config';
export * from './effects';
export * from './inputs';
export { MEMBERS_MAX } from './membership';
export * from './placement';
export * from './registry';
export { REGISTRY_RULES, type RegistryRules } from './rules';
export * from './state';

export * from './config';
export * from './effects';
export * from './inputs';
export * from './placement';
export * from './registry';
export { ALL_RULES as ALL_REGISTRY_RULES, type RegistryRules } from './rules';
export * from './state';

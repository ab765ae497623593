export * from './lost-output';
export * as optionValues from './option-values';
export * from './options';
export * from './package-version';
export * from './progress';
export * from './script';

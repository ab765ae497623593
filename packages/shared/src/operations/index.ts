export * from './bytes';
export * from './catalogue';
export * from './check';
export * from './crc32c';
export * from './evaluate';
export * from './operation';
export * from './stored';

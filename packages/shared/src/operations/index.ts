export * from './crc32c';
export * from './stored';

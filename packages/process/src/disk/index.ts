export * from './disk-room';
export * from './folder-lock';
export * from './folder-watch';
export * from './lmdb-commit-failure';
export * from './lmdb-durability';
export * from './lmdb-file-check';
export * from './no-room';
export * from './sync-folder';

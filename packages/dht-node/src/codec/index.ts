export * from './record-codec';
export * from './snapshot-codec';
export * from './replica-codec';
export * from './watch-request';

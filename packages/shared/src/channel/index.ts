export * from './addresses';
export * from './cancel-soon';
export * from './channels';
export * from './grpc-errors';
export * from './stackless-error';
export * from './status-cause';
export * from './tls-files';

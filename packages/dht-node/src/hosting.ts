export * from './event-loop';
export * from './host';
export * from './taking-up';

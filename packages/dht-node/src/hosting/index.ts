/** What hosts a node in a process, for whoever has processes of another kind. */

export * from '../event-loop';
export * from '../host';
export * from '../taking-up';

/** Turns every transaction of LMDB into a point before it begins, and after it is on the disk. */

import * as lmdb from 'lmdb';
import { pass, placeOf } from './failpoint';

type Transaction = (body: () => unknown) => Promise<unknown>;
interface Database {
  transaction: Transaction;
  childTransaction: Transaction;
  openDB?: (...args: unknown[]) => Database | undefined;
}

function watchTransaction(real: Transaction, place: string): Transaction {
  return async (body) => {
    await pass(`before commit ${place}`);
    const result = await real(body);
    await pass(`after commit ${place}`);
    return result;
  };
}

function watch(database: Database, place: string): Database {
  database.transaction = watchTransaction(database.transaction.bind(database), place);
  database.childTransaction = watchTransaction(database.childTransaction.bind(database), place);
  const openDb = database.openDB?.bind(database);
  if (openDb) {
    database.openDB = (...args) => {
      const opened = openDb(...args);
      return opened && watch(opened, place);
    };
  }
  return database;
}

export function watchLmdb(): void {
  const real = lmdb.open as unknown as (options: { readonly path: string }) => Database;
  const open = (options: { readonly path: string }): Database =>
    watch(real(options), placeOf(options.path) ?? options.path);
  Object.assign(lmdb, { open });
}

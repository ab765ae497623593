/** Servers that answer at addresses as nodes of one process do, for a registry that looks for them. */

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { dht } from '@ringkeep/shared/wire';

export class StandInNodes {
  private readonly server = new Server();

  constructor(process: bigint) {
    this.server.addService(
      { identifyNode: dht.DhtNodeService.identifyNode },
      {
        identifyNode: (_: unknown, answer: (error: null, value: dht.NodeIdentification) => void) =>
          answer(null, { process }),
      },
    );
  }

  /** Listens on one more port of loopback. @returns its address */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(`http://127.0.0.1:${port}`);
      });
    });
  }

  close(): void {
    this.server.forceShutdown();
  }
}

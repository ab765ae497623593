/** `--join`: asks any node of a ring where its registry answers. */

import { Metadata } from '@grpc/grpc-js';
import { RingError } from '@ringkeep/shared';
import {
  addressUrl,
  channelTo,
  fromServiceError,
  parseAddress,
  type Logger,
  type TlsMaterial,
} from '@ringkeep/shared/runtime';
import { dht } from '@ringkeep/shared/wire';

/** How long a node may be silent before somebody is told what is waited for. */
const PATIENCE_MS = 1_000;
/** How long a node that is reached may take to answer. */
const ANSWER_MS = 5_000;

export class RegistryOfRing {
  readonly name = 'line to the node to join';
  private readonly client: dht.DhtNodeClient;

  constructor(
    private readonly nodeAddress: string,
    tls: TlsMaterial | undefined,
    private readonly log: Logger,
  ) {
    this.client = new dht.DhtNodeClient(...channelTo(nodeAddress, tls));
  }

  /** The registry's URL. Throws RingError: UNAVAILABLE when the node cannot be reached in time. */
  async find(withinMs: number): Promise<string> {
    const deadline = Date.now() + withinMs;
    const reached = await this.reach(Math.min(deadline, Date.now() + PATIENCE_MS));
    if (!reached) this.log.warn('waiting for the node to join', { address: this.nodeAddress });
    if (!reached && !(await this.reach(deadline))) {
      const text = `gave up after ${withinMs} ms: no node answers at ${this.nodeAddress}; is it running?`;
      throw new RingError('UNAVAILABLE', text);
    }
    const { registryAddr } = await this.describe();
    return addressUrl(parseAddress(registryAddr));
  }

  stop(): void {
    this.client.close();
  }

  private reach(deadline: number): Promise<boolean> {
    return new Promise((resolve) => this.client.waitForReady(deadline, (error) => resolve(!error)));
  }

  private describe(): Promise<dht.NodeDescription> {
    const options = { deadline: Date.now() + ANSWER_MS };
    return new Promise((resolve, reject) => {
      this.client.describeNode({}, new Metadata(), options, (error, description) => {
        if (!error) return resolve(description);
        const fault = fromServiceError(error, {
          call: 'DescribeNode',
          address: this.nodeAddress,
          writes: false,
        });
        const text = `${fault.message}; --join takes the address of a node, --registry that of the registry`;
        reject(new RingError(fault.code, text, { cause: error }));
      });
    });
  }
}

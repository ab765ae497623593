/** `--join`: asks any node of a ring for the address of its registry. */

import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { RingError } from '@ringkeep/shared';
import { isLasting, mismatch, whatAnswers } from '@ringkeep/process/probes';
import type { Logger } from '@ringkeep/process/running';
import {
  addressUrl,
  channelTo,
  fromServiceError,
  parseAddress,
  type TlsMaterial,
} from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';

/** How long a node may be silent before it is reported what is waited for. */
const PATIENCE_MS = 1_000;
/** How long a node that is reached may take to answer. */
const ANSWER_MS = 5_000;

export class RegistryOfRing {
  readonly name = 'line to the node to join';
  private readonly client: dht.DhtNodeClient;

  constructor(
    private readonly nodeAddress: string,
    private readonly tls: TlsMaterial | undefined,
    private readonly log: Logger,
  ) {
    this.client = new dht.DhtNodeClient(...channelTo(nodeAddress, tls));
  }

  /**
   * The registry's URL. Throws RingError: UNAVAILABLE when the node cannot be reached in time, FAILED_PRECONDITION as
   * soon as it is clear that something else than a node is there.
   */
  async find(withinMs: number): Promise<string> {
    const deadline = Date.now() + withinMs;
    let why = '';
    while (!(await this.reach(Math.min(deadline, Date.now() + PATIENCE_MS)))) {
      if (Date.now() >= deadline) {
        const text = `gave up after ${withinMs} ms: no node answers at ${this.nodeAddress}${why}; is it running?`;
        throw new RingError('UNAVAILABLE', text);
      }
      const seen = await this.examine();
      if (why === '')
        this.log.warn('waiting for the node to join', { address: this.nodeAddress, reason: seen });
      why = seen === undefined ? why : ` (${seen})`;
    }
    const { registryAddr } = await this.describeNode();
    return addressUrl(parseAddress(registryAddr));
  }

  stop(): void {
    this.client.close();
  }

  private reach(deadline: number): Promise<boolean> {
    return new Promise((resolve) => this.client.waitForReady(deadline, (error) => resolve(!error)));
  }

  /** What is there instead of a node; undefined if it is one. Throws FAILED_PRECONDITION if waiting will not help. */
  private async examine(): Promise<string | undefined> {
    const question = { address: this.nodeAddress, deadlineMs: PATIENCE_MS, tls: this.tls };
    const found = await whatAnswers(question);
    const what = mismatch(found, 'node');
    if (what === undefined || !isLasting(found, 'node')) return what;
    const hint = '--join takes the address of a node, --registry that of the registry';
    throw new RingError('FAILED_PRECONDITION', `${this.nodeAddress}: ${what}; ${hint}`);
  }

  private async describeNode(): Promise<dht.NodeDescription> {
    const options = { deadline: Date.now() + ANSWER_MS };
    const answer = await new Promise<dht.NodeDescription | ServiceError>((resolve) => {
      this.client.describeNode({}, new Metadata(), options, (error, description) =>
        resolve(error ?? description),
      );
    });
    if (!(answer instanceof Error)) return answer;
    await this.examine();
    const facts = { call: 'DescribeNode', address: this.nodeAddress, writes: false };
    throw fromServiceError(answer, facts);
  }
}

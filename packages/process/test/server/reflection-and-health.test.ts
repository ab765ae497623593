/** Asks as grpcurl does: which services, then the descriptors of one, then a call made of them alone. */

import { Client, credentials, loadPackageDefinition, type ClientDuplexStream } from '@grpc/grpc-js';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  GrpcServer,
  Health,
  addReflection,
  descriptorSet,
  unary,
  withMethodAlias,
} from '@ringkeep/process/server';
import { dht } from '@ringkeep/shared/wire';
import { service as healthService } from 'grpc-health-check';

const SERVICE = 'dht.DhtNode';
const alias = { service: SERVICE, method: 'QueryDHT', alias: 'QueryDht' };

let server: GrpcServer;
let target: string;
let health: Health;
beforeEach(async () => {
  server = new GrpcServer();
  const query = unary(({ key }: dht.Query) => dht.QueryResult.fromPartial({ value: key }));
  const { queryDht } = dht.DhtNodeService;
  server.addService({ queryDht }, { queryDht: query });
  const spelt = { ...queryDht, path: `/${SERVICE}/QueryDht` };
  server.addService({ spelt }, { spelt: query });
  addReflection(server.grpc, [SERVICE], withMethodAlias(descriptorSet(), alias));
  health = new Health(server.grpc, [SERVICE]);
  target = `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
});
afterEach(() => server.stop(0));

/** A client of the reflection service that knows nothing but that service's own messages. */
async function reflect(question: Buffer): Promise<Buffer> {
  const client = new Client(target, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, same, same);
  call.write(question);
  call.end();
  const [answer] = await call.toArray();
  client.close();
  return answer as Buffer;
}

/** A length-delimited protobuf field. */
function field(number: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)]);
}

/** The fields of a message, by number; lengths up to 2^28. */
function fields(message: Buffer): { number: number; bytes: Buffer }[] {
  const found: { number: number; bytes: Buffer }[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const number = varint() >>> 3;
    const length = varint();
    found.push({ number, bytes: message.subarray(at, (at += length)) });
  }
  return found;
}

function inner(message: Buffer, number: number): Buffer[] {
  return fields(message)
    .filter((entry) => entry.number === number)
    .map(({ bytes }) => bytes);
}

async function describeSymbol(symbol: string): Promise<FileDescriptorProto[]> {
  const answer = await reflect(field(4, symbol));
  const [files] = inner(answer, 4);
  return inner(files as Buffer, 1).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe('reflection', () => {
  test('lists the service, the health checks, and no other of our files', async () => {
    const answer = await reflect(field(7, '*'));
    const names = inner(inner(answer, 6)[0] as Buffer, 1).map((entry) => String(inner(entry, 1)[0]));
    expect(names).toEqual([SERVICE, 'grpc.health.v1.Health']);
  });

  test('describes the service with both spellings, and all that its messages use', async () => {
    const files = await describeSymbol(SERVICE);
    expect(files.map((file) => file.name).sort()).toEqual(['dht.proto', 'registry.proto']);
    const service = files.flatMap((file) => file.service).find(({ name }) => name === 'DhtNode');
    const methods = new Map(service?.method.map((method) => [method.name, method.inputType]));
    expect(methods.get('QueryDht')).toBe('.dht.Query');
    expect(methods.get('QueryDHT')).toBe('.dht.Query');
  });

  test('describes the health checks', async () => {
    const files = await describeSymbol('grpc.health.v1.Health');
    const [service] = files.flatMap((file) => file.service);
    expect(service?.method.map(({ name }) => name)).toEqual(expect.arrayContaining(['Check', 'Watch']));
  });

  test('names the entries of maps as protoc does, without which clients in Go refuse a file', async () => {
    const files = await describeSymbol('grpc.health.v1.Health');
    const answer = files
      .flatMap((file) => file.messageType)
      .find(({ name }) => name === 'HealthListResponse');
    expect(answer?.nestedType.map(({ name }) => name)).toEqual(['StatusesEntry']);
    expect(answer?.field.map(({ name, typeName }) => [name, typeName])).toEqual([
      ['statuses', 'StatusesEntry'],
    ]);
  });

  test('keeps what makes a field optional', async () => {
    const [file] = await describeSymbol('dht.Query');
    const query = file?.messageType.find(({ name }) => name === 'Query');
    expect(query?.field.find(({ name }) => name === 'value')?.proto3Optional).toBe(true);
    expect(query?.field.find(({ name }) => name === 'key')?.proto3Optional).toBe(false);
  });

  test.each(['QueryDHT', 'QueryDht'])('the server answers to %s', async (method) => {
    const client = new Client(target, credentials.createInsecure());
    const { requestSerialize, responseDeserialize } = dht.DhtNodeService.queryDht;
    const request = dht.Query.fromPartial({ key: Buffer.from('k') });
    const answer = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${SERVICE}/${method}`,
        requestSerialize,
        responseDeserialize,
        request,
        (error, value) => (error ? reject(error) : resolve(value)),
      );
    });
    client.close();
    expect(answer).toMatchObject({ value: Buffer.from('k') });
  });

  test('an alias of nothing is a mistake', () => {
    expect(() => withMethodAlias(descriptorSet(), { ...alias, method: 'Nothing' })).toThrow(
      'dht.DhtNode/Nothing',
    );
    expect(descriptorSet().file.flatMap((file) => file.service).length).toBe(2);
  });
});

describe('health', () => {
  const { Health: HealthClient } = loadPackageDefinition({ Health: healthService }) as unknown as {
    Health: new (...args: ConstructorParameters<typeof Client>) => Client & {
      check(
        request: { service: string },
        done: (error: Error | null, answer?: { status: string }) => void,
      ): void;
    };
  };

  async function check(service: string): Promise<string | undefined> {
    const client = new HealthClient(target, credentials.createInsecure());
    const answer = await new Promise<string | undefined>((resolve) => {
      client.check({ service }, (error, value) => resolve(error ? error.message : value?.status));
    });
    client.close();
    return answer;
  }

  test('says not serving, serving, and that it does not know a service', async () => {
    expect(await check('')).toBe('NOT_SERVING');
    health.setServing(true);
    expect(await check('')).toBe('SERVING');
    expect(await check(SERVICE)).toBe('SERVING');
    expect(await check('other.Service')).toContain('unknown');
  });
});

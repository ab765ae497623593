/**
 * The two services that every server offers in addition to its own: reflection, so that grpcurl and Postman need no
 * proto file, and gRPC's standard health checks.
 *
 * Reflection gets the original descriptors that protoc made (kept as bytes beside the generated code), not descriptors
 * rebuilt from the code, so that optional fields and comments on numbers survive. Those of the health service come with
 * its package, which rebuilds them from the code.
 */

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorSet,
} from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation, service as healthService } from 'grpc-health-check';
import { invariant } from '@ringkeep/shared';
import { fileDescriptorSetBase64 } from '@ringkeep/shared/wire';
import { ROOM_ON_DISK } from '../probes/health-question';

/** A second name for a method, for clients that spell it otherwise. */
export interface MethodAlias {
  /** The service's full name, e.g. dht.DhtNode. */
  readonly service: string;
  readonly method: string;
  readonly alias: string;
}

/** The descriptors of all files in proto/. */
export function descriptorSet(): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSetBase64, 'base64'));
}

/** The same set with one more method, equal to `method` but for its name. */
export function withMethodAlias(set: FileDescriptorSet, alias: MethodAlias): FileDescriptorSet {
  const copy = fromBinary(FileDescriptorSetSchema, toBinary(FileDescriptorSetSchema, set));
  for (const file of copy.file) {
    const service = file.service.find(({ name }) => `${file.package}.${name}` === alias.service);
    const method = service?.method.find(({ name }) => name === alias.method);
    if (!service || !method) continue;
    service.method.push({ ...method, name: alias.alias });
    return copy;
  }
  invariant(false, `there is a method ${alias.service}/${alias.method}`);
}

const HEALTH_SERVICE = 'grpc.health.v1.Health';

/**
 * Lets clients ask for the descriptors of the named services, of the health checks, and of everything that they use.
 */
export function addReflection(
  server: Server,
  services: readonly string[],
  set: FileDescriptorSet = descriptorSet(),
): void {
  const own = set.file.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  const health = Object.values(healthService).flatMap(({ requestType }) => requestType.fileDescriptorProtos);
  const fileDescriptorProtos = [...own, ...health.map(withEntryNames)];
  // The service looks at the descriptors only; the format satisfies the type of proto-loader's output.
  const format = 'Protocol Buffer 3 EnumDescriptorProto' as const;
  const definition = { format, type: {}, fileDescriptorProtos };
  new ReflectionService({ set: definition }, { services: [...services, HEALTH_SERVICE] }).addToServer(server);
}

/**
 * Rebuilt descriptors name the entry of a map after its field. It must be called FieldEntry, or clients in Go, grpcurl
 * among them, refuse the whole file.
 */
function withEntryNames(descriptor: Buffer): Buffer {
  const file = fromBinary(FileDescriptorProtoSchema, descriptor);
  for (const { field, nestedType } of file.messageType) {
    for (const entry of nestedType) {
      if (entry.options?.mapEntry !== true || entry.name.endsWith('Entry')) continue;
      const name = `${entry.name}Entry`;
      for (const map of field) if (map.typeName === entry.name) map.typeName = name;
      entry.name = name;
    }
  }
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
}

/** Answers health checks for the named services and, under the empty name, for the server as a whole. */
export class Health {
  private readonly implementation: HealthImplementation;
  private readonly names: readonly string[];

  constructor(server: Server, services: readonly string[]) {
    this.names = ['', ...services];
    this.implementation = new HealthImplementation(
      Object.fromEntries([...this.names, ROOM_ON_DISK].map((name) => [name, 'NOT_SERVING'])),
    );
    this.setRoom(true);
    this.implementation.addToServer(server);
  }

  setServing(serving: boolean): void {
    for (const name of this.names) this.implementation.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  setRoom(isThere: boolean): void {
    this.implementation.setStatus(ROOM_ON_DISK, isThere ? 'SERVING' : 'NOT_SERVING');
  }
}

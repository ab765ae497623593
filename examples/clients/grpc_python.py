"""
First steps with gRPC from Python, by the proto files of this repository:

    pip install grpcio-tools
    python -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. proto/dht.proto proto/registry.proto

Whatever language has gRPC goes on from proto/dht.proto in the same way.
"""
import sys

import grpc

import dht_pb2 as dht
import dht_pb2_grpc as service

node = service.DhtNodeStub(grpc.insecure_channel(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50001"))


def ask(type, key, **more):
    answer = node.QueryDHT(dht.Query(ty=type, key=key.encode(), **more), timeout=10)
    if answer.HasField("error"):
        raise KeyError(answer.error)
    return answer


first = ask(dht.Put, "grpc/city", value=b"Porto")
print(ask(dht.Get, "grpc/city").value.decode())  # Porto

# On the condition that nobody has written it since: done, and then not done.
for text in (b"Lisboa", b"Faro"):
    told = ask(dht.Put, "grpc/city", value=text, condition=dht.Condition(version=first.version))
    print("not done" if told.condition_failed else "done")  # done, not done



def scan(prefix):
    """A page is of one part of the ring; the next one begins where it says."""
    page = node.Scan(dht.ScanRequest(prefix=prefix), timeout=10)
    yield from page.entries
    while page.HasField("next"):
        page = node.Scan(dht.ScanRequest(prefix=prefix, place=page.next), timeout=10)
        yield from page.entries


print(*[entry.key.decode() + "=" + entry.value.decode() for entry in scan(b"grpc/")])  # grpc/city=Lisboa

# Deadlines and errors are those of gRPC.
try:
    ask(dht.Get, "")
except grpc.RpcError as error:
    print(error.code().name)  # INVALID_ARGUMENT

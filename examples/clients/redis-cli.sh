#!/bin/sh
# First steps with redis-cli.
set -eu
address=${1:-127.0.0.1:50101}
redis() { redis-cli -h "${address%:*}" -p "${address##*:}" "$@"; }

redis DEL redis-cli/city redis-cli/visits >/dev/null
redis SET redis-cli/city Porto EX 3600 >/dev/null
redis GET redis-cli/city # Porto

redis INCR redis-cli/visits >/dev/null
redis INCR redis-cli/visits # 2

# Keys that change together have one tag, what is in braces.
redis MSET '{redis-cli}anna' 100 '{redis-cli}bert' 20 >/dev/null
printf '%s\n' MULTI 'DECRBY {redis-cli}anna 30' 'INCRBY {redis-cli}bert 30' EXEC | redis | tail -n 2 | xargs # 70 50

redis --scan --pattern 'redis-cli/*' | sort | xargs # redis-cli/city redis-cli/visits

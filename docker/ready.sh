#!/bin/bash
# ready.sh PORT: whether the service there can do its work (GET /readyz is 200). By bash alone: the image has no curl.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
read -r -t 5 _ status _ <&3
[ "$status" = 200 ]

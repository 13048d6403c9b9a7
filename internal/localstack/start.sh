#!/usr/bin/env bash
# Runs LocalStack in the foreground on 127.0.0.1:PORT, set up in DIR by setup.sh; where DIR is not set up and a Docker
# daemon answers, from the image. Ready when GET /_localstack/health answers. Stop it with SIGTERM and wait for its end:
# a restart before that finds the port taken and the old process answering.
# usage: start.sh DIR [PORT]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mkdir -p "${1:?usage: start.sh DIR [PORT]}/tmp" && cd "$1" && pwd)
port=${2:-4566}

export GATEWAY_LISTEN="127.0.0.1:$port" LOCALSTACK_HOST="localhost:$port" SQS_ENDPOINT_STRATEGY=path
export SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 DNS_ADDRESS=0 # asks nothing of the network
export PROVIDER_OVERRIDE_DYNAMODB=v2 PROVIDER_OVERRIDE_DYNAMODBSTREAMS=v2 DYNAMODB_IN_MEMORY=1
export DYNAMODB_HEAP_SIZE=1g # with its own 256 MB a suite of large rows collects garbage for ever
export LAMBDA_RUNTIME_EXECUTOR=process LAMBDA_SYNCHRONOUS_CREATE=1

if [ -x "$dir/venv/bin/python" ]; then
  export OVERRIDE_IN_DOCKER=0 # else, where /.dockerenv exists, FILESYSTEM_ROOT is ignored
  export FILESYSTEM_ROOT="$dir/fs" TMPDIR="$dir/tmp" XDG_CACHE_HOME="$dir/cache" PYTHONPATH="$here/executor"
  exec "$dir/venv/bin/python" -m localstack.runtime.main
fi

# The same executor inside the image, and the host's network: functions reach the stand-ins on this machine's loopback.
names=(GATEWAY_LISTEN LOCALSTACK_HOST SQS_ENDPOINT_STRATEGY SKIP_SSL_CERT_DOWNLOAD DISABLE_EVENTS DNS_ADDRESS
  PROVIDER_OVERRIDE_DYNAMODB PROVIDER_OVERRIDE_DYNAMODBSTREAMS DYNAMODB_IN_MEMORY LAMBDA_RUNTIME_EXECUTOR
  LAMBDA_SYNCHRONOUS_CREATE DYNAMODB_HEAP_SIZE)
exec docker run --rm --init --network host -v "$here/executor:/opt/executor:ro" -e PYTHONPATH=/opt/executor \
  -e PYTHONDONTWRITEBYTECODE=1 "${names[@]/#/-e}" localstack/localstack:4.14.0

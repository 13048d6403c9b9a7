#!/usr/bin/env bash
# Deploys the variant localstack to a running LocalStack and writes the stack's outputs as JSON. Fails where LocalStack only
# pretended to make a resource.
#
# usage: infra/localstack.sh OUTPUTS.json [-c key=value ...]
#   AWS_ENDPOINT_URL  LocalStack, default http://localhost:4566
#   WITH_CDK          the CDK command line, default cdk (a key that starts with CDK would be read by it as an option)
#   WITH_AWS          the AWS command line, default aws
#   BUILD_DIR         holds <function>/bootstrap for amd64, default .build/amd64 of the repository
set -euo pipefail
outputs=$(realpath -m "${1:?usage: infra/localstack.sh OUTPUTS.json [-c key=value ...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
build=$(realpath -m "${BUILD_DIR:-../.build/amd64}")
cdk=${WITH_CDK:-cdk} aws=${WITH_AWS:-aws}

export AWS_ENDPOINT_URL=${AWS_ENDPOINT_URL:-http://localhost:4566}
export AWS_ENDPOINT_URL_S3=$AWS_ENDPOINT_URL # the CDK asks for S3's by name
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=18,20 AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
unset AWS_PROFILE AWS_SESSION_TOKEN

assembly=$(mktemp -d)
trap 'rm -rf "$assembly"' EXIT

# Into an assembly of its own: cdk.out is the one of `make synth`.
"$cdk" synth -q -o "$assembly" -c variant=localstack -c keep=false -c buildDir="$build" \
  -c publicUrl="$AWS_ENDPOINT_URL/_aws/execute-api/{apiId}/{stage}" "$@"
stack=$(basename "$assembly"/*.template.json .template.json)

"$cdk" bootstrap --app "$assembly" --progress events aws://000000000000/us-east-1 >"$assembly/bootstrap.log" 2>&1 ||
  { cat "$assembly/bootstrap.log" >&2; exit 1; }
"$cdk" deploy --app "$assembly" --require-approval never --outputs-file "$outputs" >"$assembly/deploy.log" 2>&1 ||
  { cat "$assembly/deploy.log" >&2; exit 1; }

pretended=$("$aws" cloudformation describe-stack-events --stack-name "$stack" --output text \
  --query "StackEvents[?contains(not_null(ResourceStatusReason, ''), 'deployed as a fallback')].[LogicalResourceId, ResourceType]")
if [ -n "$pretended" ]; then
  printf 'LocalStack does not know these, and did nothing for them:\n%s\n' "$pretended" >&2
  exit 1
fi
echo "$stack is deployed; its outputs are in $outputs"

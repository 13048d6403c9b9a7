#!/usr/bin/env bash
# Sets up LocalStack 4.14.0 in DIR to run on this host: no container, no token. Needs Python >= 3.13, a JDK >= 17, Maven.
# usage: setup.sh DIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mkdir -p "${1:?usage: setup.sh DIR}" && cd "$1" && pwd)

# LocalStack 4.14.0 says that it runs on older ones: health looks fine there, and services answer 500.
python=$("$here/python.sh") || { echo "setup.sh: no Python >= 3.13 found; LocalStack 4.14.0 needs it" >&2; exit 1; }
[ -x "$dir/venv/bin/python" ] || "$python" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt"

# DynamoDB Local, laid out where LocalStack looks for it.
lib=$dir/fs/var/lib/localstack/lib
ddb=$lib/dynamodb-local/2
if [ ! -f "$ddb/DynamoDBLocal.jar" ]; then
  work=$dir/setup
  mkdir -p "$ddb" "$lib/java" "$work"
  mvn -q -B -Dstyle.color=never -f "$here/dynamodb-local.pom.xml" dependency:copy-dependencies -DoutputDirectory="$ddb/DynamoDBLocal_lib"
  (
    cd "$ddb"
    printf 'Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner\nClass-Path: .' >"$work/manifest"
    for jar in DynamoDBLocal_lib/*.jar; do printf ' \n  %s' "$jar"; done >>"$work/manifest"
    printf '\n' >>"$work/manifest"
    jar cfm "$work/DynamoDBLocal.jar" "$work/manifest"
    # LocalStack loads a Java agent of its own here; nothing of ours needs what it does.
    echo 'public class NoopAgent { public static void premain(String a) {} }' >"$work/NoopAgent.java"
    javac --release 11 -d "$work" "$work/NoopAgent.java"
    printf 'Premain-Class: NoopAgent\n' >"$work/agent"
    jar cfm ddb-local-loader-0.1.jar "$work/agent" -C "$work" NoopAgent.class
  )
  mv "$work/DynamoDBLocal.jar" "$ddb/DynamoDBLocal.jar" # last: its presence says that the folder is whole
  rm -r "$work"
fi
# LocalStack looks for a Java 21 of its own; any JDK from 17 on serves.
ln -sfn "$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")" "$lib/java/21"

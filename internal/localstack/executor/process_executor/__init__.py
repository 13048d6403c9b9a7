"""Runs provided.* Lambda functions of LocalStack as child processes, where no container can be started."""

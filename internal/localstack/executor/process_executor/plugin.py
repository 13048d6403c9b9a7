"""Registers the executor with LocalStack: LAMBDA_RUNTIME_EXECUTOR=process selects it."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        from process_executor.executor import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor

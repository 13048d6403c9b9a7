"""A LocalStack runtime executor that starts the function's bootstrap as a child process of LocalStack."""

import json
import os
import subprocess
import time

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from process_executor.output import Output
from process_executor.runtime_api import Invocation, RuntimeAPI


class ProcessRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._api = None
        self._process = None
        self._env = {}
        self._output = None

    def start(self, env_vars):
        self._api = RuntimeAPI()
        code = str(self.function_version.config.code.get_unzipped_code_location())
        self._env = {name: str(value) for name, value in env_vars.items() if value is not None}
        self._env.update(
            AWS_LAMBDA_RUNTIME_API=self._api.address,
            LAMBDA_TASK_ROOT=code,
            PATH=os.environ["PATH"],
            HOME="/tmp",
            TMPDIR="/tmp",
            TZ="UTC",
        )
        self._spawn()

    def stop(self):
        self._kill()
        if self._api:
            self._api.close()

    def invoke(self, payload):
        request_id = payload["invoke-id"]
        timeout = self.function_version.config.timeout
        if self._process.poll() is not None:
            self._spawn()  # as Lambda does after a crash or a time-out
        began = time.time()
        self._api.put(
            Invocation(
                request_id=request_id,
                payload=payload["payload"].encode(),
                arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                deadline_ms=int((began + timeout) * 1000),
            )
        )
        process = self._process
        answer = self._api.wait_answer(request_id, lambda: process.poll() is not None, timeout)
        if answer is None:
            answer = (json.dumps(self._no_answer(request_id, timeout)).encode(), True)
            self._kill()
        body, is_error = answer
        logs = self._report(request_id, (time.time() - began) * 1000)
        return InvocationResult(request_id, body, is_error=is_error, logs=logs)

    def _spawn(self):
        code = self._env["LAMBDA_TASK_ROOT"]
        bootstrap = os.path.join(code, "bootstrap")
        if not os.path.exists(bootstrap):
            raise LambdaRuntimeException(f"no bootstrap in {code}: only provided.* runtimes run as processes")
        self._api.expect_process()
        process = subprocess.Popen(
            [bootstrap],
            cwd=code,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._process = process
        self._output = Output(process.stdout, at_end=lambda: (process.wait(), self._api.wake()))
        end = time.time() + config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT
        while not self._api.ready.wait(0.05):
            if self._process.poll() is not None:
                raise LambdaRuntimeException(f"bootstrap exited {self._process.returncode}: {self.get_logs()[-2000:]}")
            if time.time() > end:
                raise LambdaRuntimeException(f"bootstrap never asked for work: {self.get_logs()[-2000:]}")
        if self._api.init_error:
            raise LambdaRuntimeException(self._api.init_error)

    def _kill(self):
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(5)

    def _no_answer(self, request_id, timeout):
        code = self._process.poll()
        if code is None:
            return {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds",
            }
        return {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}",
        }

    def _report(self, request_id, ms):
        version = self.function_version
        return (
            f"START RequestId: {request_id} Version: {version.id.qualifier}\n"
            f"{self.get_logs()}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {ms:.2f} ms\tBilled Duration: {int(ms) + 1} ms\t"
            f"Memory Size: {version.config.memory_size} MB\tMax Memory Used: 0 MB\n"
        )

    # What LocalStack asks of an executor besides.

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self):
        return self._output.take() if self._output else ""

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass

"""One signed request after another, with exactly the body given: what no SDK lets through, signed as every SDK does."""

import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"


class Wire:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=60)
        self.signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "ssm", REGION)
        self.requests = 0

    def call(self, operation, body):
        """Gives (status, answer). body is bytes, or what JSON is made of."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = AWSRequest("POST", self.endpoint + "/", data=data, headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM." + operation,
        })
        self.signer.add_auth(request)
        self.connection.request("POST", "/", data, dict(request.headers.items()))
        answer = self.connection.getresponse()
        self.requests += 1
        return answer.status, json.loads(answer.read())

"""Puts a message that no retry can save onto the signals queue of a deployed stack, among others, and checks that it ends
in the dead-letter queue as it was, and that the others did not wait for it.

    python poison.py --api URL --local URL

AWS's own settings (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, credentials) name where the queues are. It shortens the time for which
the signals queue hides a message, so it is for stacks made for a test.
"""

import json
import secrets
import sys

import boto3

import story

HIDDEN = 2  # seconds until a failed message is seen again, instead of minutes
TOO_LARGE = 600_000  # bytes: more than the table can set aside, less than SQS takes


def queue(sqs, ending):
    names = [u for page in sqs.get_paginator("list_queues").paginate() for u in page.get("QueueUrls", [])]
    found = [u for u in names if ending in u.rsplit("/", 1)[-1]]
    if len(found) != 1:
        raise story.Failed(f"one queue named {ending}", names)
    return found[0]


def event(name, **detail):
    return json.dumps({
        "version": "0", "id": secrets.token_hex(8), "source": "made.up", "detail-type": "Nobody knows", "account": "111122223333",
        "time": "2026-01-05T09:00:00Z", "region": "us-east-1", "resources": [], "detail": {"name": name, **detail},
    })


def run(api, local):
    sqs = boto3.client("sqs")
    signals, dead = queue(sqs, "SignalsQueue"), queue(sqs, "SignalsDead")
    sqs.set_queue_attributes(QueueUrl=signals, Attributes={"VisibilityTimeout": str(HIDDEN)})
    staff = story.Http(api, bearer=story.Http(local).want(200, "GET", "/_local/staff-token").strip())
    mark = secrets.token_hex(6)
    poison = event(f"{mark}-poison", much="x" * TOO_LARGE)
    for body in (event(f"{mark}-before"), poison, event(f"{mark}-after")):
        sqs.send_message(QueueUrl=signals, MessageBody=body)

    def aside():
        items = staff.want(200, "GET", "/v1/set-aside?limit=100")["items"]
        return {n for i in items if str(n := i["event"].get("detail", {}).get("name", "")).startswith(mark)}

    story.until("what came with the poison is taken in", lambda: aside() == {f"{mark}-before", f"{mark}-after"})

    def buried():
        got = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        return [m for m in got if m["Body"] == poison]

    story.until("the poison is in the dead-letter queue, whole", buried)
    sqs.send_message(QueueUrl=signals, MessageBody=event(f"{mark}-later"))
    story.until("and what comes later is taken in", lambda: f"{mark}-later" in aside())


class Poison:
    def __init__(self, api, local, *_):
        self.api, self.local = api, local

    def ends(self):
        run(self.api, self.local)


if __name__ == "__main__":
    sys.exit(story.tell(__doc__, Poison, ("ends",), "Poison kept nobody waiting"))

"""Has OpsItems notify a topic of a deployed stack's SNS, and checks what whoever subscribed to it hears: every creation and
every edit, but for those whose title makes a subject longer than SNS takes, which AWS loses.

    python topics.py --aws URL

AWS's own settings (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, credentials) name where the topic is.
"""

import json
import sys

import boto3

import story
from story import check, until


class Topics:
    def __init__(self, _api, _local, aws, region):
        self.ssm = boto3.client("ssm", endpoint_url=aws, region_name=region, aws_access_key_id="operator", aws_secret_access_key="unused")

    def hears(self):
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        topic = sns.create_topic(Name="opsitems-heard")["TopicArn"]
        queue = sqs.create_queue(QueueName="opsitems-heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

        def file(title):
            return self.ssm.create_ops_item(
                Title=title, Description="p99 above 2 s", Source="LearningLoop", Notifications=[{"Arn": topic}])["OpsItemId"]

        heard = []

        def listen():
            for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=m["ReceiptHandle"])
                heard.append(json.loads(m["Body"]))
            return heard

        file("x" * 101)
        short = file("Checkout answers slowly")
        until("who subscribed hears of the OpsItem", lambda: any(short in m["Message"] for m in listen()))
        self.ssm.update_ops_item(OpsItemId=short, Status="InProgress")
        until("and of its edit", lambda: sum(short in m["Message"] for m in listen()) == 2)
        subjects = {m.get("Subject") for m in heard}
        check(subjects == {"Checkout answers slowly"}, "by its title", subjects)
        check(len(heard) == 2, "and nothing of the one whose title is too long for a subject", heard)


if __name__ == "__main__":
    sys.exit(story.tell(__doc__, Topics, ("hears",), "The topic heard"))

"""Sends with boto3, its own validation off, every kind of bad input, and asserts code, status, message and members of each
refusal; beside most stands the nearest input that is fine.

    AWS_ENDPOINT_URL_SSM=URL python refused.py      # an emulator that lets 40 OpsItems a month be created

A table goes to standard error for people, the figures to standard output as JSON.
"""

import collections
import functools
import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT, REGION = "111122223333", "us-east-1"
MONTHLY = 40
UNKNOWN = "oi-0123456789ab"
GROUP = f"arn:aws:ssm:{REGION}:{ACCOUNT}:opsitemgroup/default"
POLICY = '{"Version":"2012-10-17","Statement":[]}'
NEW = {"Title": "t", "Description": "d", "Source": "s"}


class Raw(dict):
    """A body sent as it is, where boto3's serializer itself would stumble."""


class Boto3:
    def __init__(self):
        self.ssm = boto3.client("ssm", config=Config(parameter_validation=False))
        self.ssm.meta.events.register("before-call.ssm", self.swap)
        self.ssm.meta.events.register("before-send.ssm", self.count)
        self.body, self.requests = None, 0

    def swap(self, params, **_):
        if self.body is not None:
            params["body"] = json.dumps(self.body).encode()

    def count(self, **_):
        self.requests += 1

    def call(self, operation, params):
        raw = isinstance(params, Raw)
        self.body = params if raw else None
        return getattr(self.ssm, xform_name(operation))(**({} if raw else params))


def cases(items, token, policy):
    """(kind, operation, input, code or None, members, a part of the message)"""
    first, second = items

    def model(kind, operation, params, words):
        return kind, operation, params, "ValidationException", {}, words

    def mistyped(operation, params, words=""):
        return "wrong type", operation, params, "SerializationException", {}, words

    def parameter(kind, name, operation=None, words="", **params):
        return kind, operation or "CreateOpsItem", params if operation else NEW | params, "OpsItemInvalidParameterException", {"ParameterNames": [name]}, words

    def limit(number, kind, resources, **params):
        return "over a quota", "CreateOpsItem", NEW | params, "OpsItemLimitExceededException", {
            "Limit": number, "LimitType": kind, "ResourceTypes": [resources]}, f"{number}"

    def fine(kind, operation, params):
        return kind + ": fine", operation, params, None, {}, ""

    def data(**values):
        return {"OperationalData": {k: {"Value": v} for k, v in values.items()}}

    def datum(key, value):
        return {"OperationalData": {key: {"Value": value}}}

    def by(key, operator, *values):
        return {"OpsItemFilters": [{"Key": key, "Operator": operator, "Values": list(values)}]}

    # What the model says of every member is constraints.py's; this is what a client makes of such refusals.
    yield mistyped("CreateOpsItem", NEW | {"Title": 5}, "NUMBER_VALUE can not be converted to a String")
    yield mistyped("CreateOpsItem", NEW | {"Title": True}, "BOOLEAN_VALUE can not be converted to a String")
    yield mistyped("CreateOpsItem", NEW | {"Title": ["t"]}, "START_ARRAY can not be converted to a String")
    yield mistyped("CreateOpsItem", NEW | {"Title": {"t": 1}}, "START_OBJECT can not be converted to a String")
    yield mistyped("CreateOpsItem", NEW | {"Priority": "3"}, "STRING_VALUE can not be converted to an Integer")
    yield mistyped("CreateOpsItem", NEW | {"Priority": 3.5}, "NUMBER_VALUE can not be converted to an Integer")
    yield mistyped("CreateOpsItem", NEW | {"Priority": 1 << 31}, "NUMBER_VALUE can not be converted to an Integer")
    yield mistyped("CreateOpsItem", Raw(NEW | {"PlannedStartTime": "soon"}), "STRING_VALUE can not be converted to a Date")
    yield mistyped("CreateOpsItem", Raw(NEW | {"OperationalData": []}))
    yield mistyped("CreateOpsItem", Raw(NEW | {"OperationalData": {"k": "v"}}))
    yield mistyped("CreateOpsItem", Raw(NEW | {"Notifications": {"Arn": "a"}}))
    yield mistyped("DescribeOpsItems", Raw(OpsItemFilters="Status"))
    for operation, least in {
        "CreateOpsItem": 3, "GetOpsItem": 1, "UpdateOpsItem": 1, "DeleteOpsItem": 1, "AssociateOpsItemRelatedItem": 4,
        "DisassociateOpsItemRelatedItem": 2, "AddTagsToResource": 3, "RemoveTagsFromResource": 3, "ListTagsForResource": 2,
        "GetServiceSetting": 1, "UpdateServiceSetting": 2, "ResetServiceSetting": 1, "PutResourcePolicy": 2, "GetResourcePolicies": 1,
        "DeleteResourcePolicy": 3,
    }.items():
        yield model("nothing required given", operation, {}, f"{least} validation error{'s'[: least - 1]} detected: Value null at '")
    yield model("nothing required given", "CreateOpsItem", Raw(NEW | {"Source": None}), "'source' failed to satisfy constraint: Member must not be null")
    yield model("too long", "CreateOpsItem", NEW | {"Title": "t" * 1025}, "at 'title' failed to satisfy constraint: Member must have length less than or equal to 1024")
    yield model("too long", "CreateOpsItem", NEW | {"Description": "d" * 2049}, "less than or equal to 2048")
    yield model("too long", "CreateOpsItem", NEW | {"Source": "s" * 129}, "less than or equal to 128")
    yield model("empty or blank", "CreateOpsItem", NEW | {"Title": ""}, "2 validation errors detected: ")
    yield model("empty or blank", "CreateOpsItem", NEW | {"Title": " \t"}, r"pattern: ^(?!\s*$).+")
    yield model("empty or blank", "CreateOpsItem", NEW | data(k=""), "at 'operationalData.k.member.value'")
    yield model("bad enum", "UpdateOpsItem", {"OpsItemId": first, "Status": "open"}, "enum value set: [Open, InProgress, Resolved")
    yield model("bad enum", "DescribeOpsItems", by("Colour", "Equal", "red"), "at 'opsItemFilters.1.member.key'")
    yield model("bad enum", "AddTagsToResource", {"ResourceType": "Product", "ResourceId": first, "Tags": []}, "at 'resourceType'")
    yield model("out of range", "CreateOpsItem", NEW | {"Priority": 0}, "Value '0' at 'priority' failed to satisfy constraint: Member must have value greater than or equal to 1")
    yield model("out of range", "UpdateOpsItem", {"OpsItemId": first, "Priority": 6}, "Value '6' at 'priority'")
    yield model("out of range", "DescribeOpsItems", {"MaxResults": 51}, "Value '51' at 'maxResults'")
    yield model("no id", "GetOpsItem", {"OpsItemId": "ticket-5"}, "Value 'ticket-5' at 'opsItemId' failed to satisfy constraint: Member must satisfy regular expression pattern")
    yield model("no id", "DeleteOpsItem", {"OpsItemId": UNKNOWN + "0"}, "at 'opsItemId'")
    yield fine("unknown members", "CreateOpsItem", Raw(NEW | {"Colour": "red", "title": 5, "Assignee": {"deep": [[{}]]}}))
    yield fine("unknown members", "UpdateOpsItem", Raw(OpsItemId=first, Source=7))

    # The rules in prose.
    for source in ("aws", "my-AWS-thing", "Amazon", "an amzn source"):
        yield parameter("source", "Source", Source=source)
    yield fine("source", "CreateOpsItem", NEW | {"Source": "EC2"})
    for severity in ("0", "5", "high", "01", "-1"):
        yield parameter("severity", "Severity", Severity=severity, words="from 1 to 4")
        yield parameter("severity", "Severity", operation="UpdateOpsItem", OpsItemId=first, Severity=severity)
    yield fine("severity", "CreateOpsItem", NEW | {"Severity": "4"})
    yield parameter("category", "Category", Category="Usability")
    yield parameter("category", "Category", operation="UpdateOpsItem", OpsItemId=first, Category="security")
    for kind in ("/aws/changerequest", "issue"):
        yield parameter("type", "OpsItemType", OpsItemType=kind)
    yield parameter("status", "Status", operation="UpdateOpsItem", OpsItemId=first, Status="Approved")
    for prefix in ("amazon", "aws", "amzn", "ssm", "/amazon", "/aws", "/amzn", "/ssm", "AWS"):
        yield parameter("reserved key", "OperationalData", **data(**{prefix + "/x": "v"}))
    yield parameter("reserved key", "OperationalData", operation="UpdateOpsItem", OpsItemId=first, **datum("/aws/x", "v"))
    yield fine("reserved key", "CreateOpsItem", NEW | data(**{"/custodian/aws": "v"}))
    yield parameter("20 KB and 1 byte", "OperationalData", **data(k="v" * (20 << 10) + "v"), words="20480 bytes")
    yield parameter("20 KB and 1 byte", "OperationalData", **data(k="é" * (10 << 10) + "v"))
    yield parameter("20 KB and 1 byte", "OperationalData", operation="UpdateOpsItem", OpsItemId=first, **data(k="v" * 20481))
    yield fine("20 KB and 1 byte", "CreateOpsItem", NEW | data(k="é" * (10 << 10)))
    yield parameter("data without value", "OperationalData", OperationalData={"k": {"Type": "String"}})
    for key, bad in {
        "/aws/dedup": ["episode", "{}", '["episode"]', '{"dedupString":5}', '{"dedupString":""}', json.dumps({"dedupString": "d" * 513})],
        "/aws/resources": ["arn:aws:x", "{}", '["arn:aws:x"]', '[{"arn":5}]', '[{"ARM":"x"}]'],
        "/aws/automations": ["AWS-Restart", "{}", '[{"automationId":5}]'],
    }.items():
        for value in bad:
            yield parameter("malformed reserved value", "OperationalData", **datum(key, value))
    yield fine("malformed reserved value", "CreateOpsItem", NEW | datum("/aws/dedup", json.dumps({"dedupString": "d" * 512})))
    yield parameter("dedup changed", "OperationalData", operation="UpdateOpsItem", OpsItemId=first, **datum("/aws/dedup", '{"dedupString":"two"}'))
    yield parameter("dedup changed", "OperationalData", operation="UpdateOpsItem", OpsItemId=first, OperationalDataToDelete=["/aws/dedup"])
    yield ("duplicate", "CreateOpsItem", NEW | datum("/aws/dedup", '{"dedupString":"ONE"}'), "OpsItemAlreadyExistsException", {"OpsItemId": first}, first)
    for arn in ("", "ops", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ops", f"arn:aws:sqs:{REGION}:{ACCOUNT}:ops"):
        yield parameter("bad topic", "Notifications", Notifications=[{"Arn": arn}])
    yield parameter("bad topic", "Notifications", Notifications=[{}])
    yield parameter("bad related item", "RelatedOpsItems", RelatedOpsItems=[{"OpsItemId": "ticket-5"}])
    yield limit(10, "RelatedOpsItemsPerOpsItem", "RelatedOpsItems", RelatedOpsItems=[{"OpsItemId": UNKNOWN}] * 11)
    yield limit(100, "ResourcesPerOpsItem", "Resources", **datum("/aws/resources", json.dumps([{"arn": f"arn:aws:x:{n}"} for n in range(101)])))
    yield limit(10, "AutomationsPerOpsItem", "Automations", **datum("/aws/automations", json.dumps(
        [{"automationType": "AWS::SSM::Automation", "automationId": f"R{n}"} for n in range(11)])))
    yield parameter("too many tags", "Tags", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
    yield ("too many tags", "AddTagsToResource", {"ResourceType": "OpsItem", "ResourceId": first, "Tags": [
        {"Key": f"k{n}", "Value": ""} for n in range(51)]}, "TooManyTagsError", {}, "")
    yield "another account", "CreateOpsItem", NEW | {"AccountId": "999999999999"}, "OpsItemAccessDeniedException", {}, "999999999999"
    for operation in ("GetOpsItem", "UpdateOpsItem"):
        yield ("another account", operation, {"OpsItemId": first, "OpsItemArn": f"arn:aws:ssm:{REGION}:999999999999:opsitem/{first}"},
               "OpsItemAccessDeniedException", {}, "999999999999")

    # What does not exist.
    for operation, params in {
        "GetOpsItem": {}, "UpdateOpsItem": {}, "DisassociateOpsItemRelatedItem": {"AssociationId": "a"},
        "AssociateOpsItemRelatedItem": {"AssociationType": "RelatesTo", "ResourceType": "AWS::SSM::Document", "ResourceUri": "u"},
    }.items():
        yield "unknown id", operation, {"OpsItemId": UNKNOWN} | params, "OpsItemNotFoundException", {}, UNKNOWN
    yield ("unknown id", "ListOpsItemEvents", {"Filters": [{"Key": "OpsItemId", "Operator": "Equal", "Values": [UNKNOWN]}]},
           "OpsItemNotFoundException", {}, UNKNOWN)
    yield fine("unknown id", "DeleteOpsItem", {"OpsItemId": UNKNOWN})  # idempotent
    for operation, params in {"AddTagsToResource": {"Tags": []}, "RemoveTagsFromResource": {"TagKeys": []}, "ListTagsForResource": {}}.items():
        yield "unknown id", operation, {"ResourceType": "OpsItem", "ResourceId": UNKNOWN} | params, "InvalidResourceId", {}, ""
        yield "unknown id", operation, {"ResourceType": "Parameter", "ResourceId": first} | params, "InvalidResourceId", {}, ""
    yield ("unknown id", "DisassociateOpsItemRelatedItem", {"OpsItemId": first, "AssociationId": "a"},
           "OpsItemRelatedItemAssociationNotFoundException", {}, "a")
    yield "unknown id", "GetOpsSummary", {"SyncName": "none"}, "ResourceDataSyncNotFoundException", {"SyncName": "none"}, "none"
    for operation, params in {"GetServiceSetting": {}, "ResetServiceSetting": {}, "UpdateServiceSetting": {"SettingValue": "Enabled"}}.items():
        yield "unknown setting", operation, {"SettingId": "/ssm/other"} | params, "ServiceSettingNotFound", {}, "/ssm/other"
    yield model("unknown setting", "UpdateServiceSetting", {"SettingId": "/ssm/opsinsights/opscenter", "SettingValue": "On"}, "Enabled or Disabled")

    # Related items, lists and what they are asked for.
    association = {"OpsItemId": first, "AssociationType": "RelatesTo", "ResourceType": "AWS::SSM::Document", "ResourceUri": "u"}
    for name, value in {"AssociationType": "Likes", "ResourceType": "AWS::EC2::Instance", "ResourceUri": ""}.items():
        yield parameter("bad related item", name, operation="AssociateOpsItemRelatedItem", **(association | {name: value}))
    for bad in ("page-2", "AAAA", "é", token("DescribeOpsItems") + "A"):
        yield model("bad token", "DescribeOpsItems", {"NextToken": bad}, "token")
        yield parameter("bad token", "NextToken", operation="ListOpsItemEvents", NextToken=bad)
        yield parameter("bad token", "NextToken", operation="ListOpsItemRelatedItems", NextToken=bad)
        yield "bad token", "GetOpsSummary", {"NextToken": bad}, "InvalidNextToken", {}, "token"
        yield "bad token", "GetResourcePolicies", {"ResourceArn": GROUP, "NextToken": bad}, "ResourcePolicyInvalidParameterException", {"ParameterNames": ["NextToken"]}, ""
    other = token("ListOpsItemEvents")
    yield model("another list's token", "DescribeOpsItems", {"NextToken": other}, "token")
    yield model("another list's token", "DescribeOpsItems", {"NextToken": token("DescribeOpsItems")} | by("Status", "Equal", "Open"), "token")
    yield "another list's token", "GetOpsSummary", {"NextToken": other}, "InvalidNextToken", {}, "token"
    for key, operator, values in (
        ("Status", "Contains", ["Open"]), ("ResourceId", "Equal", ["r"]), ("CreatedTime", "Equal", ["2026-01-01T00:00:00Z"]),
        ("CreatedTime", "LessThan", ["soon"]), ("CreatedTime", "LessThan", [""]), ("Title", "Equal", ["t" * 101]),
        ("OperationalData", "Equal", ["k=v"]), ("OperationalData", "Equal", ['{"key":"k"}']), ("Status", "Equal", []),
    ):
        yield model("bad filter", "DescribeOpsItems", by(key, operator, *values), key)
    yield fine("bad filter", "DescribeOpsItems", by("Title", "Equal", "t" * 100))
    yield "bad filter", "GetOpsSummary", {"Filters": [{"Key": "Colour", "Values": ["red"]}]}, "InvalidFilter", {}, "Colour"
    yield "bad aggregator", "GetOpsSummary", {"Aggregators": [{"AggregatorType": "sum"}]}, "InvalidAggregatorException", {}, "sum"
    yield "bad aggregator", "GetOpsSummary", {"Aggregators": [{"AttributeName": "Colour"}]}, "InvalidAggregatorException", {}, "Colour"
    for params in ({"ResultAttributes": [{"TypeName": "AWS:Other"}]}, {"Aggregators": [{"TypeName": "Custom:Other"}]}):
        yield "bad aggregator", "GetOpsSummary", params, "InvalidTypeNameException", {}, "Other"

    # Policies.
    change = {"ResourceArn": GROUP, "PolicyId": policy["PolicyId"]}
    put = functools.partial(dict, ResourceArn=GROUP, Policy=POLICY)
    for arn in ("x" * 20, f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"):
        yield "policy", "PutResourcePolicy", put(ResourceArn=arn), "ResourcePolicyInvalidParameterException", {"ParameterNames": ["ResourceArn"]}, ""
    yield "policy", "PutResourcePolicy", put(PolicyId=policy["PolicyId"]), "ResourcePolicyInvalidParameterException", {"ParameterNames": ["PolicyHash"]}, ""
    yield "policy", "PutResourcePolicy", put(), "ResourcePolicyLimitExceededException", {"Limit": 1, "LimitType": "PoliciesPerResource"}, ""
    for text in ("allow all", "[]", "{}", '{"Statement":'):
        yield "policy", "PutResourcePolicy", put(Policy=text), "MalformedResourcePolicyDocumentException", {}, "Statement"
    for operation, params in (("PutResourcePolicy", {"Policy": POLICY}), ("DeleteResourcePolicy", {})):
        yield "policy", operation, change | params | {"PolicyHash": "old"}, "ResourcePolicyConflictException", {}, "hash"
        yield "policy", operation, change | params | {"PolicyId": "p", "PolicyHash": policy["PolicyHash"]}, "ResourcePolicyNotFoundException", {}, "p"
        yield "policy", operation, {"ResourceArn": GROUP.replace("group/default", "/" + first), "PolicyId": "p", "PolicyHash": "h"} | params, "ResourceNotFoundException", {}, first

    # Too much, and in the wrong order.
    yield "over 4 MiB", "CreateOpsItem", NEW | data(k="v" * (4 << 20)), "RequestEntityTooLargeException", {}, ""
    yield fine("being deleted", "DeleteOpsItem", {"OpsItemId": second})
    yield "being deleted", "UpdateOpsItem", {"OpsItemId": second}, "OpsItemConflictException", {}, second
    yield "being deleted", "AssociateOpsItemRelatedItem", association | {"OpsItemId": second}, "OpsItemConflictException", {}, second
    yield "being deleted", "DisassociateOpsItemRelatedItem", {"OpsItemId": second, "AssociationId": "a"}, "OpsItemConflictException", {}, second


def look(sent, status, answer, code, members, words):
    """Says what is wrong with an answer; None where nothing is."""
    error = answer.get("Error", {})
    if code is None:
        return None if status == 200 else f"refused: {error}"
    if status != {"RequestEntityTooLargeException": 413}.get(code, 400) or error.get("Code") != code:
        return f"got {status} {error}, want {code}"
    if words not in error["Message"] or (not error["Message"] and code not in ("InvalidResourceId", "TooManyTagsError")):
        return f"says {error['Message']:.300!r}, want {words!r} in it"
    got = {k: v for k, v in answer.items() if k not in ("Error", "ResponseMetadata", "message", "Message")}
    return None if got == members else f"{code} has {got}, want {members}"


def main():
    client = Boto3()
    one = NEW | {"OperationalData": {"/aws/dedup": {"Value": '{"dedupString":"one"}'}}}
    items = [client.call("CreateOpsItem", params)["OpsItemId"] for params in (one, NEW)]
    policy = client.call("PutResourcePolicy", {"ResourceArn": GROUP, "Policy": POLICY})

    @functools.cache
    def token(operation):
        return client.call(operation, {"MaxResults": 1})["NextToken"]

    counts, wrong = collections.Counter(), []

    def case(kind, operation, params, code, members, words):
        counts[kind] += 1
        try:
            answer = client.call(operation, params)
        except ClientError as e:
            answer = e.response
        if complaint := look(params, answer["ResponseMetadata"]["HTTPStatusCode"], answer, code, members, words):
            wrong.append(f"{kind}: {operation} {json.dumps(params):.200}: {complaint}")

    for each in cases(items, token, policy):
        case(*each)
    for _ in range(MONTHLY):  # what is left of the month, and one more
        try:
            client.call("CreateOpsItem", NEW)
        except ClientError:
            break
    case("over a quota", "CreateOpsItem", NEW, "OpsItemLimitExceededException",
         {"Limit": MONTHLY, "LimitType": "OpsItemsPerMonth", "ResourceTypes": ["OpsItem"]}, f"{MONTHLY} OpsItems")
    for kind, n in sorted(counts.items()):
        print(f"{kind:<28}{n:>4}", file=sys.stderr)
    print(f"{'in all':<28}{counts.total():>4}", file=sys.stderr)
    json.dump({"cases": counts.total(), "requests": client.requests, "wrong": wrong}, sys.stdout)


if __name__ == "__main__":
    main()

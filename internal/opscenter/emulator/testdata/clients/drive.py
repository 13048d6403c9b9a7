"""Drives every operation of OpsCenter with boto3, as the Go SDK does it in sdk_clients_test.go, and asserts each answer.

    AWS_ENDPOINT_URL_SSM=URL python drive.py
"""

import datetime as dt

import boto3

ACCOUNT, REGION = "111122223333", "us-east-1"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/AKIDEXAMPLE"
SETTING = "/ssm/opsinsights/opscenter"
SETTING_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:servicesetting{SETTING}"
GROUP = f"arn:aws:ssm:{REGION}:{ACCOUNT}:opsitemgroup/default"
INCIDENT = f"arn:aws:ssm-incidents::{ACCOUNT}:incident-record/checkout/1"
RUNBOOK = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/Restart"
UNKNOWN = "oi-0123456789ab"
NOW = dt.datetime(2026, 10, 19, 2, 46, 53, 629000, dt.timezone.utc)

ssm = boto3.client("ssm")


def same(got, want):
    assert got == want, f"\n got {got!r}\nwant {want!r}"


def refused(error, call, /, **params):
    """The exception's members; the call has to raise it."""
    try:
        got = call(**params)
    except error as e:
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, e.response
        return {k: v for k, v in e.response.items() if k not in ("Error", "ResponseMetadata", "message", "Message")}
    raise AssertionError(f"{call.__name__} answered {got}, want {error.__name__}")


def pages(operation, key, **params):
    """All entries of a list, and how many pages they came on."""
    got = list(ssm.get_paginator(operation).paginate(**params))
    return [entry for page in got for entry in page[key]], len(got)


def creation():
    wanted = {
        "Title": "Checkout answers slowly", "Description": "**43** companies", "Source": "LearningLoop", "Severity": "1",
        "Category": "Performance", "Priority": 2, "PlannedStartTime": NOW + dt.timedelta(hours=8),
        "Notifications": [{"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"}], "RelatedOpsItems": [{"OpsItemId": UNKNOWN}],
        "OperationalData": {
            "/aws/dedup": {"Value": '{"dedupString":"episode-1"}', "Type": "SearchableString"},
            "score": {"Value": "17", "Type": "SearchableString"}, "note": {"Value": "not searchable", "Type": "String"},
        },
    }
    tags = [{"Key": "product", "Value": "shop"}]
    made = ssm.create_ops_item(**wanted, Tags=tags)
    item = made["OpsItemId"]
    same(made["OpsItemArn"], f"arn:aws:ssm:{REGION}:{ACCOUNT}:opsitem/{item}")
    raised = ssm.exceptions
    same(refused(raised.OpsItemAlreadyExistsException, ssm.create_ops_item, **wanted), {"OpsItemId": item})
    same(refused(raised.OpsItemInvalidParameterException, ssm.create_ops_item, **(wanted | {"Severity": "5"})), {"ParameterNames": ["Severity"]})
    same(refused(raised.OpsItemLimitExceededException, ssm.create_ops_item, **(wanted | {"RelatedOpsItems": [{"OpsItemId": UNKNOWN}] * 11})),
         {"Limit": 10, "LimitType": "RelatedOpsItemsPerOpsItem", "ResourceTypes": ["RelatedOpsItems"]})
    same(ssm.get_ops_item(OpsItemId=item, OpsItemArn=made["OpsItemArn"])["OpsItem"], wanted | {
        "OpsItemId": item, "OpsItemArn": made["OpsItemArn"], "OpsItemType": "/aws/issue", "Status": "Open", "Version": "1",
        "CreatedBy": CALLER, "LastModifiedBy": CALLER, "CreatedTime": NOW, "LastModifiedTime": NOW,
    })
    same(refused(raised.OpsItemNotFoundException, ssm.get_ops_item, OpsItemId=UNKNOWN), {})
    same(refused(raised.ClientError, ssm.get_ops_item, OpsItemId="ticket-5"), {})
    return item


def changes(item):
    items = [item] + [ssm.create_ops_item(Title=t, Description="d", Source="EC2")["OpsItemId"] for t in ("Search is slow", "Mail is late")]
    ssm.update_ops_item(OpsItemId=item, Status="InProgress", Severity="2", OperationalData={"owner": {"Value": "mary"}},
                        OperationalDataToDelete=["note"])
    got = ssm.get_ops_item(OpsItemId=item)["OpsItem"]
    same([got[k] for k in ("Version", "Status", "Severity")], ["2", "InProgress", "2"])
    same(got["OperationalData"]["owner"], {"Value": "mary", "Type": "String"})
    same(sorted(got["OperationalData"]), ["/aws/dedup", "owner", "score"])
    same(refused(ssm.exceptions.OpsItemNotFoundException, ssm.update_ops_item, OpsItemId=UNKNOWN), {})
    return items


def lists(items):
    found, n = pages("describe_ops_items", "OpsItemSummaries", PaginationConfig={"PageSize": 2},
                     OpsItemFilters=[{"Key": "Status", "Operator": "Equal", "Values": ["Open", "InProgress"]}])
    same(([s["OpsItemId"] for s in found], n), (items[::-1], 2))
    same(sorted(found[2]["OperationalData"]), ["/aws/dedup", "score"])  # searchable data only
    found, n = pages("list_ops_item_events", "Summaries", PaginationConfig={"PageSize": 1},
                     Filters=[{"Key": "OpsItemId", "Operator": "Equal", "Values": items[:1]}])
    same(([(s["DetailType"], s["CreatedBy"], s["CreatedTime"]) for s in found], n),
         ([("OpsItem Update", {"Arn": CALLER}, NOW), ("OpsItem Create", {"Arn": CALLER}, NOW)], 2))


def related(item):
    def associate(kind, uri):
        return {"OpsItemId": item, "AssociationType": "RelatesTo", "ResourceType": kind, "ResourceUri": uri}

    made = ssm.associate_ops_item_related_item(**associate("AWS::SSMIncidents::IncidentRecord", INCIDENT))
    ssm.associate_ops_item_related_item(**associate("AWS::SSM::Document", RUNBOOK))
    same(refused(ssm.exceptions.OpsItemRelatedItemAlreadyExistsException, ssm.associate_ops_item_related_item, **associate("AWS::SSM::Document", RUNBOOK)),
         {"ResourceUri": RUNBOOK, "OpsItemId": item})
    found, n = pages("list_ops_item_related_items", "Summaries", OpsItemId=item, PaginationConfig={"PageSize": 1})
    same(([s["ResourceUri"] for s in found], n), ([RUNBOOK, INCIDENT], 2))
    gone = {"OpsItemId": item, "AssociationId": made["AssociationId"]}
    ssm.disassociate_ops_item_related_item(**gone)
    same(refused(ssm.exceptions.OpsItemRelatedItemAssociationNotFoundException, ssm.disassociate_ops_item_related_item, **gone), {})


def tags(item):
    what = {"ResourceType": "OpsItem", "ResourceId": item}
    ssm.add_tags_to_resource(**what, Tags=[{"Key": "cost", "Value": ""}])
    ssm.remove_tags_from_resource(**what, TagKeys=["product"])
    same(ssm.list_tags_for_resource(**what)["TagList"], [{"Key": "cost", "Value": ""}])
    same(refused(ssm.exceptions.InvalidResourceId, ssm.list_tags_for_resource, ResourceType="OpsItem", ResourceId=UNKNOWN), {})


def summary(items):
    found, n = pages("get_ops_summary", "Entities", PaginationConfig={"PageSize": 2}, ResultAttributes=[{"TypeName": "AWS:OpsItem"}])
    same(([e["Id"] for e in found], n), (items[::-1], 2))
    same(found[0]["Data"]["AWS:OpsItem"]["Content"][0]["Title"], "Mail is late")
    counted = ssm.get_ops_summary(
        Filters=[{"Key": "AWS:OpsItem.Source", "Values": ["EC2"], "Type": "Equal"}],
        Aggregators=[{"AggregatorType": "count", "TypeName": "AWS:OpsItem", "AttributeName": "Status"}])
    same(counted["Entities"][0]["Data"]["AWS:OpsItem"]["Content"], [{"Count": "2", "Status": "Open"}])
    same(refused(ssm.exceptions.ResourceDataSyncNotFoundException, ssm.get_ops_summary, SyncName="none"), {"SyncName": "none"})


def settings():
    for setting in (SETTING, SETTING_ARN):
        ssm.update_service_setting(SettingId=setting, SettingValue="Enabled")
        same(ssm.get_service_setting(SettingId=setting)["ServiceSetting"], {
            "SettingId": SETTING, "SettingValue": "Enabled", "LastModifiedDate": NOW, "LastModifiedUser": CALLER, "ARN": SETTING_ARN,
            "Status": "Customized",
        })
        same(ssm.reset_service_setting(SettingId=setting)["ServiceSetting"]["Status"], "Default")
    same(refused(ssm.exceptions.ServiceSettingNotFound, ssm.get_service_setting, SettingId="/ssm/other"), {})


def policies():
    text = '{"Version":"2012-10-17","Statement":[]}'
    made = ssm.put_resource_policy(ResourceArn=GROUP, Policy=text)
    policy = {k: made[k] for k in ("PolicyId", "PolicyHash")}
    same(refused(ssm.exceptions.ResourcePolicyLimitExceededException, ssm.put_resource_policy, ResourceArn=GROUP, Policy=text),
         {"Limit": 1, "LimitType": "PoliciesPerResource"})
    same(pages("get_resource_policies", "Policies", ResourceArn=GROUP), ([policy | {"Policy": text}], 1))
    same(refused(ssm.exceptions.ResourcePolicyInvalidParameterException, ssm.get_resource_policies, ResourceArn="some/thing/that/is/no/arn"),
         {"ParameterNames": ["ResourceArn"]})
    ssm.delete_resource_policy(ResourceArn=GROUP, **policy)
    same(refused(ssm.exceptions.ResourcePolicyNotFoundException, ssm.delete_resource_policy, ResourceArn=GROUP, **policy), {})


def deletion(item):
    for _ in range(2):  # idempotent
        ssm.delete_ops_item(OpsItemId=item)
    same(refused(ssm.exceptions.OpsItemConflictException, ssm.update_ops_item, OpsItemId=item, Status="Resolved"), {})


def main():
    first = creation()
    items = changes(first)
    lists(items)
    related(first)
    tags(first)
    summary(items)
    settings()
    policies()
    deletion(items[2])
    same(ssm.waiter_names, ["command_executed"])  # none for OpsItems


main()

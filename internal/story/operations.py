"""What operations sees of the loop, by nothing but HTTP and boto3: alarms and people that are one OpsItem, people who pull
the cord, an OpsItem of an alarm's own that is adopted, one that comes back, and an event that was lost. The same on one
machine and on a deployed stack, where EventBridge carries the events.

    make run                              # in one terminal
    python operations.py                  # in another
    python operations.py --api URL        # against a deployed stack; --local and --aws name the stand-ins beside it

Exit status 0: every check held; 1: the first that did not is named.
"""

import json
import sys
import time

import story
from story import check, until


class Operations(story.Story):
    def __init__(self, api, local, aws, region):
        super().__init__(api, local, aws, region)
        self.slug = f"ops-{self.run}"
        self.opscenter = story.Http(aws)
        self.account = None

    # -- small things

    def alarm(self, component, now="ALARM", minute=0, severity=1):
        """An alarm of a component, in AWS's shape."""
        e = story.alarm_event(f"{self.run}-{component}", "OK" if now == "ALARM" else "ALARM", now, minute)
        e["detail"]["configuration"]["description"] = f"It answers slowly. [severity:{severity}]"
        return e

    def fires(self, *args, **kw):
        event = self.alarm(*args, **kw)
        self.local.want(202, "POST", "/_local/events", event)
        return event["resources"][0]

    def says(self, component, text, **who):
        return self.customer.want(201, "POST", "/v1/feedback", {
            "product": self.slug, "kind": "problem", "text": text, "context": {"component": component}, "submitter": who})

    def improvements(self):
        return self.staff.want(200, "GET", f"/v1/improvements?product={self.slug}&sort=updated&limit=100")["items"]

    def gathered(self, what, count, signals):
        """The Improvement that holds count pieces of Feedback, some of them signals, with its OpsItem."""
        def look():
            for im in self.improvements():
                if (im["evidence"]["count"], im["evidence"]["signals"]) == (count, signals) and (whole := self.improvement(im["id"])).get("opsItemId"):
                    return whole
        return until(what, look)

    def about(self, arn):
        """The OpsItems about a resource."""
        found = self.ssm.describe_ops_items(OpsItemFilters=[{"Key": "ResourceId", "Operator": "Contains", "Values": [arn]}])
        return found["OpsItemSummaries"]

    # -- the chapters

    def product(self):
        print("A product has parts")
        self.staff.want(201, "PUT", f"/v1/products/{self.slug}", {
            "name": "Operations", "rules": {"severity": 2}, "routing": [{"name": f"{self.run}-*"}],
            "components": [{"name": c, "rules": [{"name": f"{self.run}-{c}*"}]} for c in ("checkout", "search", "payments", "basket")],
            "andon": {"people": 3, "minutes": 60},
        })

    def cluster(self):
        print("An alarm and people speak of the same part")
        arn = self.fires("checkout")
        self.says("Checkout", "Paying takes a minute.", name="Ana", email=f"ana-{self.run}@example.com", company="AnyCompany", hearBack=True)
        self.says("checkout", "Nothing happens when I press Pay.", company="Example Corp")
        self.says(" checkout ", "The basket turns and turns.", company="Example Industries")
        im = self.gathered("they are one improvement with one OpsItem", 4, 1)
        check(len([i for i in self.improvements() if i["evidence"]["signals"]]) == 1, "and there is no other")
        check([s["OpsItemId"] for s in self.about(arn)] == [im["opsItemId"]], "operations finds it by the alarm")
        item = self.ops_item(im["opsItemId"])
        check(item["Severity"] == "1" and item["Status"] == "Open", "it has the alarm's severity")
        self.fires("checkout", now="OK", minute=1)
        self.gathered("the alarm's end joins it", 5, 2)
        time.sleep(1)
        check(self.improvement(im["id"])["status"] == "accepted", "what people asked for does not resolve by itself")
        self.case, self.oid = im["id"], im["opsItemId"]

    def lost(self):
        print("An event is lost")
        self.opscenter.want(200, "PUT", "/_opscenter/faults", {"loseEvents": 1})
        self.ssm.update_ops_item(OpsItemId=self.oid, Status="InProgress")
        time.sleep(2)
        self.opscenter.want(200, "DELETE", "/_opscenter/faults")
        self.local.want(204, "POST", "/_local/schedules/opsitems-reconcile/run")
        im = self.status(self.case, "inProgress")
        check(any("operator" in h["by"] for h in im["history"]), "the reconcile finds what was done, and who did it", im["history"])
        self.ssm.update_ops_item(OpsItemId=self.oid, Severity="3")
        until("a severity set in the console comes back", lambda: [
            h for h in self.improvement(self.case)["history"] if "severity 3" in h["what"] and "operator" in h["by"]])

    def reopened(self):
        print("It comes back")
        self.ssm.update_ops_item(OpsItemId=self.oid, Status="Resolved")
        self.status(self.case, "shipped")
        self.decide(self.case, decision="reopen", reason="It is slow again.")
        im = until("the next episode has its own OpsItem",
                   lambda: (im := self.improvement(self.case)).get("opsItemId") not in (None, self.oid) and im)
        related = self.ops_item(im["opsItemId"])["RelatedOpsItems"]
        check(related == [{"OpsItemId": self.oid}], "which names the one before", related)
        self.ssm.update_ops_item(OpsItemId=im["opsItemId"], Status="Resolved")
        self.status(self.case, "shipped")
        self.ssm.update_ops_item(OpsItemId=im["opsItemId"], Status="Open")
        again = until("what an operator reopens goes on", lambda: (i := self.improvement(self.case))["status"] == "accepted" and i)
        check(again["opsItemId"] == im["opsItemId"] and again["episode"] == 2, "as the same episode, with the same OpsItem", again["episode"])

    def machine(self):
        print("A machine raises something and takes it back")
        arn = self.fires("basket")
        im = until("its alarm is filed", lambda: next(
            (w for i in self.improvements() if "basket" in i["title"] and (w := self.improvement(i["id"])).get("opsItemId")), None))
        self.fires("basket", now="OK", minute=1)
        until("when the alarm is OK again and nobody asked, it is resolved", lambda: self.ops_item(im["opsItemId"])["Status"] == "Resolved")
        self.fires("basket", minute=2)
        until("when it fires again at once, the same OpsItem is open again", lambda: self.ops_item(im["opsItemId"])["Status"] == "Open")
        check([s["OpsItemId"] for s in self.about(arn)] == [im["opsItemId"]], "and it is the only one")

    def adopted(self):
        print("An alarm files by itself")
        event = self.alarm("search", severity=2)
        arn = event["resources"][0]
        account = self.ops_item(self.oid)["OpsItemArn"].split(":")[4]
        filed = self.opscenter.want(200, "POST", "/_opscenter/alarm-action", {
            "actionArn": f"arn:aws:ssm:us-east-1:{account}:opsitem:2#CATEGORY=Performance", "event": event})
        self.local.want(202, "POST", "/_local/events", event)
        im = until("the loop takes the alarm up", lambda: next(
            (w for i in self.improvements() if "search" in i["title"] and (w := self.improvement(i["id"])).get("opsItemId")), None))
        check(im["opsItemId"] == filed["OpsItemId"], "and adopts the OpsItem that is there", filed, im["opsItemId"])
        check(len(self.about(arn)) == 1, "instead of doubling it")
        item = self.ops_item(filed["OpsItemId"])
        check(item["Title"].startswith("CloudWatch alarm"), "its title stays the alarm's", item["Title"])
        until("it is found by our keys", lambda: "learningloop-improvement" in self.ops_item(filed["OpsItemId"])["OperationalData"])
        self.ssm.update_ops_item(OpsItemId=filed["OpsItemId"], Status="InProgress")
        self.status(im["id"], "inProgress")

    def andon(self):
        print("People pull the cord")
        for n, name in enumerate(("Ana", "Ben", "Chris")):
            self.says("payments", f"I was charged twice, order {n}.", name=name, email=f"{name.lower()}-pay-{self.run}@example.com")
        im = self.gathered("three people in an hour are filed at once", 3, 0)
        check(im["status"] == "accepted" and any("andon" in h["by"] or "andon" in h.get("reason", "") for h in im["history"]),
              "by rule, which says so", im["history"])
        check(self.ops_item(im["opsItemId"])["Severity"] == "1", "with severity 1")
        self.says("payments", "Me too.", name="Dana", email=f"dana-pay-{self.run}@example.com")
        self.gathered("who comes later joins them", 4, 0)
        self.staff.want(422, "POST", f"/v1/improvements/{im['id']}/stand-down", {"reason": ""})
        self.staff.want(200, "POST", f"/v1/improvements/{im['id']}/stand-down", {"reason": "A test card was charged, no customer's."})
        until("a person stands it down, and the severity follows", lambda: self.ops_item(im["opsItemId"])["Severity"] != "1")

    def audit(self):
        print("Nothing is lost, doubled or miscounted")
        for im in self.improvements():
            whole = self.improvement(im["id"])
            found = self.ssm.describe_ops_items(OpsItemFilters=[
                {"Key": "OperationalData", "Operator": "Equal", "Values": [json.dumps({"key": "learningloop-improvement", "value": im["id"]})]}])
            ids = {s["OpsItemId"] for s in found["OpsItemSummaries"]}
            check(len(ids) == whole["episode"], f"one OpsItem for each of the {whole['episode']} episodes of {whole['title'][:40]!r}", ids)
        budget = self.staff.want(200, "GET", "/v1/budget")
        check(budget["filed"] >= 4 and budget["held"] == 0 and not budget["edge"], "the budget counts them", budget)


if __name__ == "__main__":
    chapters = ("product", "cluster", "lost", "reopened", "machine", "adopted", "andon", "audit")
    sys.exit(story.tell(__doc__, Operations, chapters, "Operations saw all of it"))

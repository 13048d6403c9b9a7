"""Goes all the way round the loop by nothing but HTTP and boto3, as customers, staff and operations would, and checks at
the end that nothing was lost, doubled or miscounted.

    make run                         # in one terminal
    make story                       # in another
    python story.py --api URL        # against a deployed stack; --local and --aws name the stand-ins beside it

It needs Python 3.11 and boto3. Exit status 0: every check held; 1: the first that did not is named.
"""

import argparse
import datetime as dt
import json
import re
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

PATIENCE = 60.0  # seconds until something that should happen counts as not happening


class Failed(Exception):
    """A check that did not hold."""


def check(holds, what, *seen):
    if not holds:
        raise Failed(what + "".join(f"\n    {s!r}" for s in seen))
    print(f"  ok  {what}", flush=True)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Http:
    """One server. call gives (status, headers, parsed JSON or text)."""

    def __init__(self, base, bearer=None):
        self.base, self.bearer = base.rstrip("/"), bearer
        self.opener = urllib.request.build_opener(NoRedirect)

    def call(self, method, path, body=None, headers=None, bearer=None):
        url = path if path.startswith("http") else self.base + path
        headers = dict(headers or {})
        data = None
        if isinstance(body, (dict, list)):
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif body is not None:
            data = body if isinstance(body, bytes) else body.encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        token = bearer or self.bearer
        if token:
            headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as e:
            answer = e
        raw = answer.read()
        kind = answer.headers.get("Content-Type", "")
        if "json" in kind and raw:
            return answer.status, answer.headers, json.loads(raw)
        return answer.status, answer.headers, raw if kind.startswith("image/") else raw.decode("utf-8", "replace")

    def want(self, status, method, path, *args, **kw):
        got, headers, value = self.call(method, path, *args, **kw)
        if got != status:
            raise Failed(f"{method} {path}: {got} instead of {status}\n    {value!r}")
        return value


def until(what, look):
    """Waits until look gives something true, and gives that."""
    end, seen = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        seen = look()
        if seen:
            print(f"  ok  {what}", flush=True)
            return seen
        time.sleep(0.2)
    raise Failed(f"{what}: not within {PATIENCE} s", seen)


class Story:
    def __init__(self, api, local, aws, region):
        self.customer = Http(api)
        self.local = Http(local)
        self.staff = Http(api, bearer=self.local.want(200, "GET", "/_local/staff-token").strip())
        self.ssm = boto3.client(
            "ssm", endpoint_url=aws, region_name=region, aws_access_key_id="operator", aws_secret_access_key="unused",
            config=Config(retries={"max_attempts": 1}),
        )
        self.run = secrets.token_hex(4)
        self.slug = f"story-{self.run}"
        self.mails_to = {}  # address -> subjects expected, oldest first

    # -- small things

    def improvement(self, iid):
        return self.staff.want(200, "GET", f"/v1/improvements/{iid}")

    def decide(self, iid, **decision):
        return self.staff.want(200, "POST", f"/v1/improvements/{iid}/decisions", decision)

    def status(self, iid, want):
        return until(f"the improvement is {want}", lambda: (im := self.improvement(iid))["status"] == want and im)

    def mails(self, to):
        all_mails = self.local.want(200, "GET", f"/_local/mail.json?limit=500&to={urllib.parse.quote(to)}")
        return [m for m in all_mails if m["to"] == to]

    def hears(self, to, word):
        return until(
            f"{word!r} reaches {to.split('@')[0]}", lambda: next((m for m in self.mails(to) if word.lower() in m["subject"].lower()), None))

    def ops_item(self, oid):
        return self.ssm.get_ops_item(OpsItemId=oid)["OpsItem"]

    def queue(self):
        return self.staff.want(200, "GET", f"/v1/queue?product={self.slug}&limit=100")["items"]

    # -- the chapters

    def product(self):
        print("A product is set up")
        self.customer.want(401, "PUT", f"/v1/products/{self.slug}", {"name": "Story"})
        p = self.staff.want(201, "PUT", f"/v1/products/{self.slug}", {
            "name": "Story", "about": "Told from end to end.", "digestTo": [f"leader-{self.run}@example.com"],
            "routing": [{"name": f"checkout-{self.run}-*"}],
        })
        check(p["slug"] == self.slug, "staff made the product, and only staff could")

    def received(self):
        print("Customers speak")
        ana, ben = f"ana-{self.run}@example.com", f"ben-{self.run}@example.org"
        key = {"Idempotency-Key": f"story-{self.run}"}
        said = {
            "product": self.slug, "kind": "problem", "title": "Export stops at 1,000 rows",
            "text": "The export of orders stops at 1,000 rows. <script>alert(1)</script> We need all of them.", "rating": 2,
            "submitter": {"name": "Ana", "email": ana, "company": "AnyCompany Retail", "hearBack": True},
            "context": {"component": "export", "release": "4.1"},
        }
        first = self.customer.want(201, "POST", "/v1/feedback", said, headers=key)
        again = self.customer.want(201, "POST", "/v1/feedback", said, headers=key)
        check(first == again, "the same key and body give the same answer")
        other = self.customer.want(422, "POST", "/v1/feedback", said | {"text": "Something else."}, headers=key)
        check(other["code"] == "idempotency_key_reused", "the same key with another body is refused")
        bad = self.customer.want(422, "POST", "/v1/feedback", {"product": self.slug, "kind": "rant", "txt": 1})
        check([e["pointer"] for e in bad["errors"]] == ["/txt"] or {"/kind", "/text"} <= {e["pointer"] for e in bad["errors"]},
              "bad input names each field", bad)

        form = urllib.parse.urlencode({
            "product": self.slug, "kind": "problem", "text": "I cannot export all our orders.", "submitter.email": ben,
            "submitter.company": "Example Corp", "submitter.hearBack": "on", "context.component": "export"})
        second = self.customer.want(201, "POST", "/v1/feedback", form)
        check(second["id"] != first["id"], "an HTML form is taken too")
        gone = self.customer.want(201, "POST", "/v1/feedback", {"product": self.slug, "kind": "praise", "text": "I like the colours."})

        self.first, self.second, self.gone = first, second, gone
        mine = self.customer.want(200, "GET", f"/v1/feedback/{first['id']}", bearer=first["token"])
        check(mine["text"] == said["text"], "a submitter reads their own words back")
        self.customer.want(403, "GET", f"/v1/feedback/{first['id']}", bearer=second["token"])
        self.customer.want(401, "GET", f"/v1/feedback/{first['id']}")
        page = self.customer.want(200, "GET", first["statusUrl"], headers={"Accept": "text/html"})
        check("1,000 rows" in page and "<script>alert" not in page, "the status page shows them, harmless")
        self.ana, self.ben = ana, ben
        for who in (ana, ben):
            receipt = self.hears(who, "we have your problem report")
            check(first["id"].replace("f-", "c-") == receipt["headers"].get("X-Correlation-Id") or who == ben,
                  "the receipt carries the correlation id", receipt["headers"])

    def promoted(self):
        print("The team promotes and accepts")
        items = until("both pieces wait in the queue",
                      lambda: (q := self.queue()) and {self.first["id"], self.second["id"]} <= {i["id"] for i in q} and q)
        until("the praise is triaged",
              lambda: self.customer.want(200, "GET", f"/v1/feedback/{self.gone['id']}", bearer=self.gone["token"])["state"] == "triaged")
        edited = self.customer.want(200, "PUT", f"/v1/feedback/{self.gone['id']}", {
            "product": self.slug, "kind": "idea", "text": "I would like other colours."}, bearer=self.gone["token"])
        check(edited["kind"] == "idea", "what nobody took up yet can be changed")
        self.customer.want(204, "DELETE", f"/v1/feedback/{self.gone['id']}", bearer=self.gone["token"])
        withdrawn = self.customer.want(200, "GET", f"/v1/feedback/{self.gone['id']}", bearer=self.gone["token"])
        check(withdrawn["state"] == "withdrawn" and "colours" not in withdrawn["text"], "and taken back")
        top = items[0]
        check(top["score"]["total"] > 0 and set(top["score"]["parts"]) == {"reach", "impact", "confidence", "effort"}, "scores show their parts")
        self.iid = self.staff.want(201, "POST", "/v1/improvements", {
            "product": self.slug, "title": "Export all rows", "outcome": "Whoever exports gets every row they see.",
            "feedbackIds": [self.first["id"], self.second["id"]]})["id"]
        im = self.improvement(self.iid)
        check(im["status"] == "proposed" and im["evidence"]["voices"] == 2, "two voices stand behind it", im["evidence"])
        closed = self.customer.want(409, "PUT", f"/v1/feedback/{self.first['id']}", {
            "product": self.slug, "kind": "idea", "text": "Too late."}, bearer=self.first["token"])
        check(closed["code"] == "already_triaged", "what the team took up can not be changed")
        self.decide(self.iid, decision="accept", reason="Two customers in a week.")
        im = until("an OpsItem is filed", lambda: (im := self.improvement(self.iid)).get("opsItemId") and im)
        self.oid = im["opsItemId"]
        for who in (self.ana, self.ben):
            self.hears(who, "decided")

        item = self.ops_item(self.oid)
        data = item["OperationalData"]
        check(item["Title"] == "Export all rows" and item["Source"] == "learningloop", "boto3 reads it in OpsCenter")
        check(len(item["Title"]) <= 100 and len(item["Description"]) <= 2048, "its title and description fit")
        check(f"/improvements/{self.iid}" in item["Description"] and "alert(1)" not in item["Description"], "it links to the case and quotes nobody")
        check(json.loads(data["/aws/dedup"]["Value"])["dedupString"] == f"{self.iid}/1", "it has the episode's deduplication string")
        check(data["learningloop-goal"]["Value"] == "Whoever exports gets every row they see.", "it says what should be different")
        check(data["learningloop-correlation"]["Value"] == self.first["id"].replace("f-", "c-"), "it carries the correlation id")
        found = self.ssm.describe_ops_items(OpsItemFilters=[
            {"Key": "OperationalData", "Operator": "Equal", "Values": [json.dumps({"key": "learningloop-improvement", "value": self.iid})]}])
        check([s["OpsItemId"] for s in found["OpsItemSummaries"]] == [self.oid], "operations find it by its improvement")

    def worked(self):
        print("Operations works it")
        self.decide(self.iid, decision="plan", owner="export team", due="2027-03-31")
        for who in (self.ana, self.ben):
            self.hears(who, "planned for march 2027")
        until("owner and due date are in OpsCenter", lambda: {
            "learningloop-owner", "learningloop-due"} <= set(self.ops_item(self.oid)["OperationalData"]))

        stop = re.search(r"<(http[^>]+)>", self.mails(self.ben)[0]["headers"]["List-Unsubscribe"]).group(1)
        check(self.mails(self.ben)[0]["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "mails can be stopped by one click")
        self.customer.want(200, "GET", stop, headers={"Accept": "text/html"})
        self.customer.want(200, "POST", stop, "List-Unsubscribe=One-Click")

        self.ssm.update_ops_item(OpsItemId=self.oid, Severity="1", Category="Recovery")
        until("operations' severity and category come back, with who set them", lambda: (
            (level := self.improvement(self.iid)["level"])["severity"]["value"] == 1 and level["category"]["value"] == "Recovery"
            and "operator" in level["severity"]["by"]))
        self.staff.want(200, "PATCH", f"/v1/improvements/{self.iid}", {"severity": 2, "priority": 1})
        until("the staff's go there", lambda: (it := self.ops_item(self.oid))["Severity"] == "2" and it["Priority"] == 1)

        self.ssm.update_ops_item(OpsItemId=self.oid, Status="InProgress")
        self.status(self.iid, "inProgress")
        self.hears(self.ana, "started")
        self.ssm.update_ops_item(OpsItemId=self.oid, Status="Resolved")
        im = self.status(self.iid, "shipped")
        self.hears(self.ana, "shipped")
        check("operator" in im["history"][-1]["by"], "the history says that operations did it", im["history"][-1])
        check(not [m for m in self.mails(self.ben) if "started" in m["subject"].lower()], "who stopped mails gets no more")
        page = self.customer.want(200, "GET", self.first["statusUrl"], headers={"Accept": "text/html"})
        check("Export all rows" in page, "the status page says what became of it")

    def reopened(self):
        print("It comes back")
        self.decide(self.iid, decision="reopen", reason="Exports of more than 100,000 rows stop.")
        im = until("the next episode has its own OpsItem",
                   lambda: (im := self.improvement(self.iid)).get("opsItemId") not in (None, self.oid) and im)
        check(im["episode"] == 2 and im["status"] == "accepted", "it is episode 2")
        self.decide(self.iid, decision="decline", reason="Another tool does this.", kind="offStrategy")
        until("declining resolves the OpsItem", lambda: self.ops_item(im["opsItemId"])["Status"] == "Resolved")
        self.hears(self.ana, "not this time")

    def signals(self):
        print("A machine speaks")
        alarm = f"checkout-{self.run}-latency"
        for minute, (was, now) in enumerate([("OK", "ALARM"), ("OK", "ALARM"), ("ALARM", "OK"), ("OK", "ALARM")]):
            minute = max(minute - 1, 0)  # the first one comes twice
            self.local.want(202, "POST", "/_local/events", alarm_event(alarm, was, now, minute))
        im = until("the alarm is one improvement", lambda: next(
            (i for i in self.staff.want(200, "GET", f"/v1/improvements?product={self.slug}&sort=updated")["items"]
             if i["evidence"]["signals"] == 3), None))
        check(im["status"] == "accepted", "its severity filed it by rule")
        whole = until("and it has one OpsItem", lambda: (w := self.improvement(im["id"])).get("opsItemId") and w)
        check(any(h["by"].startswith("rule: ") for h in whole["history"]), "the history says which rule", whole["history"])
        check(whole["episode"] == 1, "flapping is one episode")
        for minute, (was, now, said, status) in enumerate([("ALARM", "OK", "Resolved", "shipped"), ("OK", "ALARM", "Open", "accepted")]):
            self.local.want(202, "POST", "/_local/events", alarm_event(alarm, was, now, 3 + minute))
            until(f"its OpsItem is {said} when it is {now}", lambda said=said: self.ops_item(whole["opsItemId"])["Status"] == said)
            self.status(im["id"], status)
        check(self.improvement(im["id"])["episode"] == 1, "what returns soon is the same episode")
        self.adopted()

        odd = alarm_event(alarm, "OK", "PUZZLED", 9)
        self.local.want(202, "POST", "/_local/events", odd)
        until("what nobody understands is set aside", lambda: [
            i for i in self.staff.want(200, "GET", "/v1/set-aside?limit=100")["items"] if i["event"]["detail"].get("alarmName") == alarm])

    def adopted(self):
        alarm = f"checkout-{self.run}-errors"
        event = alarm_event(alarm, "OK", "ALARM", 0)
        arn = (event if isinstance(event, dict) else json.loads(event))["resources"][0]
        theirs = self.ssm.create_ops_item(
            Title=f"CloudWatch alarm - '{alarm}' is in ALARM state", Description="From the alarm itself.", Source="CloudWatch Alarms", Severity="3",
            OperationalData={"/aws/resources": {"Type": "SearchableString", "Value": json.dumps([{"arn": arn}])}})["OpsItemId"]
        self.local.want(202, "POST", "/_local/events", event)
        im = until("an OpsItem that the alarm filed itself is adopted", lambda: next(
            (i for i in self.staff.want(200, "GET", f"/v1/improvements?product={self.slug}&sort=updated")["items"] if i.get("opsItemId") == theirs), None))
        item = self.ops_item(theirs)
        check(item["OperationalData"]["learningloop-episode"]["Value"] == f"{im['id']}/1" and item["Severity"] == "3", "it carries our keys, and its level stays")

    def digest(self):
        print("Leadership reads")
        now = dt.datetime.now(dt.timezone.utc)
        monday = (now + dt.timedelta(days=7 - now.weekday())).replace(hour=7, minute=0, second=0, microsecond=0)
        leader = f"leader-{self.run}@example.com"
        for _ in range(2):
            self.local.want(204, "POST", "/_local/schedules/digest-weekly/run", {"at": monday.isoformat().replace("+00:00", "Z")})
        mail = until("the digest arrives", lambda: next(iter(self.mails(leader)), None))
        time.sleep(1)
        check(len(self.mails(leader)) == 1, "once, although its schedule ran twice")
        check("cid:chart" in mail["html"] and re.search(r'alt="[^"]*\d', mail["html"]), "it has a chart whose text states the number")
        status, headers, png = self.local.call("GET", f"/_local/mail/{mail['id']}/cid/chart")
        check(status == 200 and png[:8] == b"\x89PNG\r\n\x1a\n", "the chart is a picture in the mail")
        archive = re.search(r"http\S+/team/digests/[\w-]+", mail["text"])
        check(archive is not None, "it links to its page", mail["text"])
        page = self.staff.want(200, "GET", archive.group(0), headers={"Accept": "text/html"})
        check("Story" in page, "the archive page shows it")

    def audit(self):
        print("Nothing is lost, doubled or miscounted")
        until("every mail that is due was sent once", self.mails_settled)
        month = dt.datetime.now(dt.timezone.utc).strftime("%Y-%m")
        recount = self.staff.want(200, "GET", f"/v1/recount?product={self.slug}&month={month}")
        check(recount["differences"] == [], "counts equal a recount", recount)
        for im in self.staff.want(200, "GET", f"/v1/improvements?product={self.slug}&sort=updated&limit=100")["items"]:
            found = self.ssm.describe_ops_items(OpsItemFilters=[
                {"Key": "OperationalData", "Operator": "Equal", "Values": [json.dumps({"key": "learningloop-improvement", "value": im["id"]})]}])
            episodes = sorted(s["OperationalData"]["learningloop-episode"]["Value"] for s in found["OpsItemSummaries"])
            check(episodes == [f"{im['id']}/{n + 1}" for n in range(im["episode"])], f"one OpsItem for each of its {im['episode']} episodes", episodes)

    def mails_settled(self):
        subjects = [m["subject"] for m in self.mails(self.ana)]
        due = self.staff.want(200, "GET", f"/v1/trail/{self.first['id'].replace('f-', 'c-')}")["mails"]
        if any(m["state"] != "sent" for m in due):
            return None
        check(len(subjects) == len(due) and len(set(m["name"] for m in due)) == len(due), "mails equal what was due", subjects, due)
        return True


def stamp(minute, form="%Y-%m-%dT%H:%M:%SZ"):
    return (dt.datetime.now(dt.timezone.utc).replace(second=0, microsecond=0) + dt.timedelta(minutes=minute)).strftime(form)


def alarm_event(name, was, now, minute):
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"
    return {
        "version": "0", "id": secrets.token_hex(16), "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": "111122223333", "time": stamp(minute), "region": "us-east-1", "resources": [arn],
        "detail": {
            "alarmName": name,
            "configuration": {"description": "Checkout answers slowly. [severity:1]", "metrics": [{
                "id": "m1", "metricStat": {"metric": {"name": "Latency", "namespace": "AWS/ApiGateway", "dimensions": {}}, "period": 60, "stat": "p99"},
                "returnData": True}]},
            "previousState": {"value": was, "reason": "before", "timestamp": stamp(minute - 1, "%Y-%m-%dT%H:%M:%S.000+0000")},
            "state": {"value": now, "reason": "Threshold crossed.", "timestamp": stamp(minute, "%Y-%m-%dT%H:%M:%S.000+0000")},
        },
    }


def tell(doc, make, chapters, end):
    """Reads the arguments, makes the story and plays its chapters; gives the exit code."""
    global PATIENCE
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--api", default="http://127.0.0.1:8080", help="the pages and the API")
    p.add_argument("--local", help="where /_local/ is served; default: --api")
    p.add_argument("--aws", default="http://127.0.0.1:8081", help="where OpsCenter answers")
    p.add_argument("--region", default="us-east-1")
    p.add_argument("--patience", type=float, default=PATIENCE, help="seconds until something that should happen counts as not happening")
    args = p.parse_args()
    PATIENCE = args.patience
    start = time.monotonic()
    try:
        story = make(args.api, args.local or args.api, args.aws, args.region)
        for chapter in chapters:
            getattr(story, chapter)()
    except Failed as e:
        print(f"\nFAILED  {e}", file=sys.stderr)
        return 1
    print(f"\n{end} in {time.monotonic() - start:.1f} s.")
    return 0


if __name__ == "__main__":
    chapters = ("product", "received", "promoted", "worked", "reopened", "signals", "digest", "audit")
    sys.exit(tell(__doc__, Story, chapters, "All the way round"))

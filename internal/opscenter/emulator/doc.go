// Package emulator is AWS Systems Manager OpsCenter on one machine: every OpsItem operation over AWS's own protocol, the
// EventBridge events and SNS notifications that follow, and a console in which a person works the items. It exists so
// that whoever files OpsItems can be built and tested without an account; nothing else that stands in for AWS does
// OpsItems right. It imports nothing of the project around it and can be taken alone.
//
// # Running it
//
// In a process, as an http.Handler:
//
//	e, err := emulator.New(emulator.Config{Account: "111122223333", Region: "us-east-1", Dir: ".data/opscenter"})
//	http.ListenAndServe("127.0.0.1:8081", e) // and e.ConsoleHandler("/_local/opscenter") for the console
//
// Alone:
//
//	go run ./internal/opscenter/emulator/cmd -addr 127.0.0.1:8081 -account 111122223333 -dir .data/opscenter
//
// The examples below are for this account; without -account it is 000000000000, LocalStack's. -events and -notifications
// say where EventBridge events and messages to SNS topics go: a URL that each is posted to, a file that gets a line of JSON
// for each, or - for standard output. Without them nobody is told, topics that an OpsItem names included; the first line of
// the log says so. -rate, -burst, -monthly, -total and -quota NAME=N bring limits near, -deletion-delay and -clock-skew set
// times, -caller and -operator say who is who; -help lists them all. Requests may call the machine by localhost, an address
// or a name given by -host, such as that of a container: others are refused, since a page elsewhere may have let its own
// name point here.
//
// SDKs need the endpoint, a Region, which is the emulator's, and any credentials:
//
//	client := ssm.NewFromConfig(cfg, func(o *ssm.Options) { o.BaseEndpoint = aws.String("http://127.0.0.1:8081") })
//
//	import boto3
//	ssm = boto3.client("ssm", endpoint_url="http://127.0.0.1:8081", region_name="us-east-1",
//	    aws_access_key_id="local", aws_secret_access_key="local")
//
// All of them, and the CLI, take these from the environment as well. AWS_REGION is not enough for version 1 of the CLI:
//
//	export AWS_ENDPOINT_URL_SSM=http://127.0.0.1:8081 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
//	export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
//	aws ssm create-ops-item --title "Checkout answers slowly" --description "Since release 1.42" --source Shop
//	aws ssm describe-ops-items --ops-item-filters Key=Status,Values=Open,Operator=Equal
//
// Terraform has no resource for OpsItems, but its AWS provider sets OpsCenter's service setting here. The provider keeps
// the setting's ARN as its id, so that is what to give; the account in it is the emulator's:
//
//	provider "aws" {
//	  region                      = "us-east-1"
//	  access_key                  = "local"
//	  secret_key                  = "local"
//	  skip_credentials_validation = true
//	  skip_requesting_account_id  = true
//	  endpoints { ssm = "http://127.0.0.1:8081" }
//	}
//	resource "aws_ssm_service_setting" "insights" {
//	  setting_id    = "arn:aws:ssm:us-east-1:111122223333:servicesetting/ssm/opsinsights/opscenter"
//	  setting_value = "Enabled"
//	}
//
// CreatedBy names a user of the access key's name; Config.Callers, or -caller ACCESS-KEY-ID=ARN, says otherwise. What
// Security Hub's or Incident Manager's service-linked role makes is outside of the quotas, as in AWS:
//
//	go run ./internal/opscenter/emulator/cmd -account 111122223333 -caller \
//	  HUB=arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForSecurityHub/securityhub
//	AWS_ACCESS_KEY_ID=HUB aws ssm create-ops-item --title "Public bucket" --description "See finding 7" --source "Security Hub"
//
// the second one in an environment as above.
//
// The console, at http://127.0.0.1:8081/_local/opscenter, lists and filters OpsItems, keeps views of the list by name,
// shows and edits one, and resolves or deletes several. It needs no scripts. Its edits are the operator's, by
// UpdateOpsItem; whoever reaches it may do everything.
//
// # Alarm actions
//
// CloudWatch alarms make OpsItems by the action arn:aws:ssm:REGION:ACCOUNT:opsitem:SEVERITY, with #CATEGORY=CATEGORY or
// without. No emulator of CloudWatch calls such an action; whoever has an alarm's change of state, as EventBridge
// delivers it, hands it over:
//
//	curl -s http://127.0.0.1:8081/_opscenter/alarm-action -H 'Content-Type: application/json' -d '{
//	  "actionArn": "arn:aws:ssm:us-east-1:111122223333:opsitem:2#CATEGORY=Performance",
//	  "event": {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change",
//	    "resources": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:search-latency"],
//	    "detail": {"alarmName": "search-latency", "state": {"value": "ALARM", "reason": "Threshold crossed"},
//	      "previousState": {"value": "OK"}}}}'
//
// The answer is {"created":true,"OpsItemId":"oi-...","OpsItemArn":"..."}, or {"created":false,"reason":"..."} where AWS
// makes none: the alarm is not in ALARM, was in ALARM before, has its actions suppressed, or has an OpsItem that is not
// resolved. What is wrong with a request is said in a ValidationException whose Field names the member.
//
// # EventBridge rules
//
// A rule of EventBridge makes OpsItems where OpsCenter is its target. Hand over an event that a rule matched with what
// the target says of its input: inputPathsMap and inputTemplate, or input (a constant, or what a transformer made of the
// event elsewhere), or nothing, for the matched event:
//
//	import json, urllib.request
//	event = {"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "EC2 Instance State-change Notification",
//	    "source": "aws.ec2", "account": "111122223333", "time": "2026-10-19T02:46:53Z", "region": "us-east-1",
//	    "resources": ["arn:aws:ec2:us-east-1:111122223333:instance/i-1234567890abcdef0"],
//	    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"}}
//	urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8081/_opscenter/rule-target", json.dumps({
//	    "rule": "instance-terminated",
//	    "inputPathsMap": {"instance": "$.detail.instance-id", "resources": "$.resources"},
//	    "inputTemplate": r"""{"title": "EC2 instance terminated", "description": "<instance> has terminated.",
//	        "severity": "2", "category": "Availability", "source": "EC2", "resources": <resources>,
//	        "operationalData": {"/aws/dedup": {"type": "SearchableString",
//	            "value": "{\"dedupString\":\"instance-terminated\"}"}}}""",
//	    "event": event}).encode(), {"Content-Type": "application/json"}))
//
// The answer is that of an alarm action, with what became of the template in input. Template and paths are EventBridge's:
// placeholders in quotes and out, <aws.events.rule-name>, <aws.events.rule-arn>, <aws.events.event>,
// <aws.events.event.json>, <aws.events.event.ingestion-time>; members by dots, elements by number, stars.
//
// # Faults
//
// Requests to AWS's endpoint can be made to go wrong, from a test in the same process by Faults, from elsewhere by GET, PUT
// and DELETE of /_opscenter/faults. PUT replaces all that are set; nothing is kept over a restart.
//
//	curl -s -X PUT http://127.0.0.1:8081/_opscenter/faults -H 'Content-Type: application/json' -d '{
//	  "next": [{"operation": "CreateOpsItem", "count": 2, "kind": "throttle"},
//	           {"operation": "UpdateOpsItem", "after": true, "drop": true},
//	           {"operation": "CreateOpsItem", "code": "OpsItemAlreadyExistsException", "members": {"OpsItemId": "oi-0123456789ab"}},
//	           {"operation": "*", "count": -1, "code": "AccessDeniedException", "status": 400, "message": "no"}],
//	  "latency": {"GetOpsItem": "250ms"}, "loseEvents": 1, "repeatEvents": 1, "down": false}'
//	curl -s -X DELETE http://127.0.0.1:8081/_opscenter/faults
//
// The first entry of next that fits a request strikes it, count times (1; -1: until the faults are cleared). Its kind is
// error (InternalServerError), throttle, overQuota or drop (the connection is cut), or else it has a code, with a message
// and the members that the model gives this exception; after carries the request out all the same, so that only its answer
// is lost. down cuts every connection, latency delays answers, events to EventBridge are
// lost or come twice.
//
// # Taking it into another project
//
// Running it alone, as above, is the supported way: whatever language a project is in, it needs the one process, which
// `go build -o opscenter ./internal/opscenter/emulator/cmd` makes a single file of. Go forbids other modules to import what
// lies below internal, so whoever wants it in a process copies this folder, with the modules that it is tested with:
//
//	modules=$(go list -m github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/service/ssm github.com/aws/smithy-go \
//	  github.com/google/go-cmp github.com/microcosm-cc/bluemonday github.com/yuin/goldmark | tr ' ' @)
//	cp -r internal/opscenter/emulator ../other/opscenter && cd ../other
//	grep -rl --include='*_test.go' learningloop/internal/testenv opscenter | xargs rm   # need boto3, the AWS CLI, a browser
//	rm -r opscenter/testdata/clients opscenter/testdata/console.mjs                     # what those run
//	grep -rl --include='*.go' learningloop/internal/opscenter/emulator opscenter |
//	  xargs sed -i 's|learningloop/internal/opscenter/emulator|example.com/other/opscenter|'
//	go get $modules && go mod tidy && go test ./opscenter/...
//
// What is shipped needs bluemonday and goldmark, for the Markdown of descriptions; the others are for tests. NOTICE goes
// along: it says where the service model comes from.
//
// # How it works
//
// ServeHTTP finds the operation in one table (operations.go), looks at the signature (sigv4.go), lets a planned fault
// strike (faults.go), reads the body, holds it to the embedded service model (validate.go) and binds it to the
// operation's input type (bind.go). An operation decides under one lock what changes, as a record; the record is
// appended to the journal, applied to the state in memory (state.go) and acknowledged when it is on disk. Records that
// arrive while one fsync runs share the next. A restart applies the same records again. Events leave through an outbox
// (events.go) in the order of the changes, each after its change is durable; as in AWS, none is sent twice or kept for
// a receiver that fails.
//
// Lists run from the newest item to the oldest. Equal filters, and Contains on Source and ResourceId, go through an
// index (index.go); other filters go through all items in memory.
//
// Between a change and its fsync other requests may already read it; only the answer to the one who made it, a refusal
// that is founded on it, and its event wait. When the journal cannot be written, no change is acknowledged any more and
// what is read may hold changes that a restart will not have.
//
// # Documented, assumed
//
// AWS documents much of this; for the rest, assumptions.go has one function each. Nothing was compared with AWS itself.
// What AWS publishes holds the emulator instead: aws-sdk-go-v2, boto3 and the AWS CLI drive every operation in its tests,
// every constraint of the model is tried as botocore reads it, and every answer is held to the model. Terraform was not
// run; a test makes the calls of its provider.
//
//	behaviour                                  basis       where
//	members, types, lengths, patterns, enums   model       ssm-opsitems.json, validate.go
//	error shapes and their members             model       errors.go
//	error texts                                assumed     errors.go, wrongTypeText, maxListed
//	unknown operation, path, content type      assumed     errUnknownOperation
//	length counts characters (code points)     assumed     length
//	white space in patterns is Java's          assumed     translated
//	timestamps of requests: epoch seconds      assumed     readTimestamp
//	signature: present, whole, in scope        documented  sigv4.go; the secret is never checked
//	who CreatedBy names                        assumed     callerARN
//	Source without aws, amazon, amzn           documented  sourceAllowed (any case, anywhere: assumed)
//	severity 1-4, priority 1-5                 documented  checkLevels, model
//	categories other than the five refused     assumed     categoryAllowed
//	types that CreateOpsItem makes             assumed     createsType
//	statuses that UpdateOpsItem sets           documented  statusAllowed (refusing others: assumed)
//	an update that changes nothing is one      assumed     saysNothing
//	RelatedOpsItems that are no ids: refused   assumed     relatedIDAllowed
//	another account, ARN: no access            assumed     errElsewhere
//	reserved keys of operational data          documented  rules.go (any case: assumed, keyBegins)
//	reserved values: members of exact names    assumed     readDedup, readEach
//	automationType is not looked at            assumed     automationOf
//	20 KB, 10 runbooks, 100 resources, 10
//	  related items, 512 characters of dedup   documented  quotas.go (which error: assumed)
//	10,000 a month, 500,000 in all             documented  quotas.go
//	which month; deleted items count in it     assumed     quotaMonth
//	Security Hub, Incident Manager exempt      documented  quotaExempt (known by their roles: assumed)
//	50 tags per resource                       assumed     quotas.go
//	too many tags in CreateOpsItem             assumed     errTagsAtCreation
//	request rate                               none known  Config.Rate, off
//	dedup: string and resources, Open and
//	  InProgress block, Resolved does not      documented  dedupHash, blocksDuplicates
//	dedup: case ignored                        documented  dedupHash (an older guide only)
//	dedup: several resources are a set         assumed     dedupHash
//	dedup: a deleted item blocks no more       assumed     freesDuplicates
//	dedup: reopening beside a successor fails  assumed     blocksDuplicates
//	dedup: a duplicate leaves no trace         reported    create
//	dedup string cannot change                 documented  sameDedup (repeating it is fine: assumed)
//	default type of operational data           recorded    defaultDataType (at an update: assumed)
//	Describe shows searchable data only        recorded    summary
//	Notifications, RelatedOpsItems: replaced   assumed     updatedList
//	deletion takes minutes, is idempotent      documented  delete.go, Config.DeletionDelay
//	filter operators                           documented  filterRules
//	operators of keys outside of that table    assumed     untabledOperators
//	AND over filters, OR over values           assumed     scan, equalText
//	Equal and Contains mind the case           assumed     equalText, containsText
//	reserved keys cannot be filtered by        reported    filterable
//	bad filters: ValidationException           assumed     errRule
//	order: newest first; page size 50          assumed     page, defaultMaxResults
//	events' members and forms                  documented  busDetail
//	detail.source is the OpsItem's Source      assumed     eventSource
//	deletion and tags send no event            documented  (none exists); touched
//	Detail of ListOpsItemEvents                assumed     eventDetail
//	SNS: subject over 100 characters is lost   documented  maxSubject (SNS's limit)
//	SNS: subject, message, when                assumed     notification
//	related items: kinds that can be           documented  associationKinds (refusing others: assumed)
//	related items: the URI makes a duplicate   assumed     sameRelated
//	related items: 100 of an OpsItem           documented  relatedItems (apart from /aws/resources: assumed)
//	related items of an unknown OpsItem: none  assumed     relatedOf
//	GetOpsSummary: content of an entity        recorded    content (data over 4,096 characters: assumed, summaryData)
//	GetOpsSummary: filter keys, aggregators    assumed     summaryAttribute, aggregate
//	alarm action: ARN, title, duplicates are
//	  silent, OK resolves nothing              documented  alarm.go
//	alarm action: who creates                  reported    alarmRole (the session's name: assumed)
//	alarm action: all else of the item         assumed     alarmItem
//	input transformer: templates, paths,
//	  predefined variables, limits             documented  transform.go, jsonpath.go
//	transformer: nothing at a path's end       documented  missingVariable (null as a value: assumed)
//	transformer: values are not escaped        documented  quotedText (numbers: assumed)
//	transformer: unknown placeholder           assumed     errUndefined
//	rule target: keys of the input             documented  readTargetInput (others ignored: assumed)
//	rule target: values that are no strings    assumed     dataText
//	rule target: resources given twice         assumed     targetResources
//	rule target: Source may have aws in it     assumed     targetSourceAllowed
//	rule target: who creates                   recorded    targetRole (the session's name: assumed)
//	rule target: matched event, no input       reported    matchedInput (description, detail: assumed)
//	insights: off by default                   documented  insightsByDefault
//	LastModifiedUser of a setting nobody set   assumed     settingNobody
//	insights: kinds, numbers, 15 of a kind     documented  insights.go
//	insights: which OpsItems count, and when   assumed     insightCounts
//	insights: what they say, who makes them    assumed     insightItem, insightKind
//	policies: the ARN, one per resource        assumed     opsItemGroup, policiesPerResource
//
// Not emulated: change requests, access requests, other accounts, the ten runbook executions kept
// under a runbook.
package emulator

package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// What AWS does not document, one function (or constant) each, with what is assumed instead. Nothing else in the package
// depends on the choice: learn the truth about one and mend it here. The table in doc.go lists them.

// defaultMaxResults. Assumption: without MaxResults a page has as many entries as the model allows at most.
const defaultMaxResults = 50

// maxSubject is SNS's limit on Subject (SNS API, Publish); what the notification says is assumed in notification.
const maxSubject = 100

// callerARN is who CreatedBy and LastModifiedBy name. Assumption: an access key is a user's, of the same name; Callers
// says otherwise.
func (e *Emulator) callerARN(accessKeyID string) string {
	if arn, ok := e.cfg.Callers[accessKeyID]; ok {
		return arn
	}
	return "arn:" + partition(e.cfg.Region) + ":iam::" + e.cfg.Account + ":user/" + accessKeyID
}

// errUnknownOperation answers what is no operation here. Assumption: so does a wrong method, path or content type, and
// before the signature is looked at.
func errUnknownOperation() *Error {
	return &Error{Code: "UnknownOperationException", Status: 400, Message: ""}
}

// maxListed is how many broken constraints a ValidationException names. Assumption: AWS names all of those that a request
// written by a person breaks; a small request can break a million, and their words would fill the memory.
const maxListed = 100

// wrongTypeText is the message of a SerializationException. Assumption: the words of AWS's other JSON services.
func wrongTypeText(got, want string) string {
	if want == "String" || want == "Integer" || want == "Date" {
		return got + " can not be converted to " + article(want) + " " + want
	}
	return "Unexpected " + got + " where a " + want + " was expected."
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "AEIO") {
		return "an"
	}
	return "a"
}

// readTimestamp reads a time of a request. Assumption: only a JSON number of epoch seconds; a string is a
// SerializationException, and so is a number outside of the years 1 to 9999.
func readTimestamp(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || !(f >= -62135596800 && f <= 253402300799) { // written so that NaN fails
		return time.Time{}, false
	}
	whole, frac := math.Modf(f)
	return time.Unix(int64(whole), int64(math.Round(frac*1000))*int64(time.Millisecond)).UTC(), true
}

// dedupHash is what two OpsItems must share to be duplicates: the dedup string, whatever its case, and "the resource that
// initiated the OpsItem". Assumption: that is the set of ARNs in /aws/resources, in any order, as of creation.
func dedupHash(dedup string, resources []string) string {
	set := slices.Clone(resources)
	slices.Sort(set)
	text, _ := json.Marshal([]any{strings.ToLower(dedup), slices.Compact(set)}) // strings only
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// blocksDuplicates says whether an item in a status keeps duplicates out. Documented for Open and InProgress (they do)
// and Resolved (it does not). Assumption: no other status does. UpdateOpsItem, which lists OpsItemAlreadyExistsException,
// answers it when it would make such an item of one whose hash another has.
func blocksDuplicates(status string) bool { return status == StatusOpen || status == StatusInProgress }

// freesDuplicates says whether an item lets duplicates in once DeleteOpsItem has answered, though it can be read for
// minutes yet. Assumption: at once.
func freesDuplicates(it *item) bool { return !it.Deleted.IsZero() }

// sameDedup says whether UpdateOpsItem may be given a dedup string. Documented: it cannot be changed. Assumption: the
// one that is there may be repeated; another, one where none was, and taking it out are refused.
func sameDedup(have, given dataValue) bool {
	a, ok := readDedup(have.Value)
	b, okGiven := readDedup(given.Value)
	return ok && okGiven && strings.EqualFold(a, b)
}

// updatedList is what UpdateOpsItem makes of Notifications and RelatedOpsItems. Assumption: the list given replaces the
// one before, an empty list clears it.
func updatedList(_, given []string) []string { return given }

// saysNothing says whether an UpdateOpsItem is no change. Assumption: none is: also one that changes nothing raises the
// Version, sets who modified the item and when, and sends an event.
func saysNothing(_, _ *item) bool { return false }

// relatedIDAllowed says what RelatedOpsItems may name. Assumption: what has the form of an OpsItem's id, whether there is
// such an item or not; other text is refused.
func relatedIDAllowed(id string) bool { return itemIDForm.MatchString(id) }

// errElsewhere answers AccountId and OpsItemArn of another account or Region, or an ARN that is not the item's. Assumption:
// OpsItemAccessDeniedException, since no other account shares its OpsItems with this one.
func errElsewhere(what string) *Error { return errDenied("You don't have access to %s.", what) }

// errTagsAtCreation answers too many tags in CreateOpsItem, which does not list the TooManyTagsError of AddTagsToResource.
// Assumption: OpsItemInvalidParameterException.
func errTagsAtCreation(limit int) *Error {
	return errInvalid("Tags", "An OpsItem can have at most %d tags.", limit)
}

// automationOf reads a runbook in /aws/automations; "" is none. Assumption: its id alone counts, automationType can be
// anything and absent.
func automationOf(entry map[string]any) string {
	id, _ := entry["automationId"].(string)
	return id
}

// statusAllowed says which statuses UpdateOpsItem may set. Documented for /aws/issue: these three. Assumption: others are
// refused, for insights too; from each the others can be reached.
func statusAllowed(_, status string) bool {
	return status == StatusOpen || status == StatusInProgress || status == StatusResolved
}

// createsType says which types CreateOpsItem makes. Assumption: change requests are refused (they come from
// StartChangeRequestExecution), and so are types that no documentation names.
func createsType(t string) bool { return t == typeIssue || t == typeInsight }

// sourceAllowed: "can't contain aws, amazon, amzn". Assumption: whatever the case, and anywhere in the text.
func sourceAllowed(source string) bool {
	s := strings.ToLower(source)
	return !slices.ContainsFunc([]string{"aws", "amazon", "amzn"}, func(w string) bool { return strings.Contains(s, w) })
}

// keyBegins: keys of operational data "can't begin with" the reserved words. Assumption: whatever the case.
func keyBegins(key, reserved string) bool {
	return len(key) >= len(reserved) && strings.EqualFold(key[:len(reserved)], reserved)
}

// categoryAllowed. The model takes any text, its prose names five. Assumption: others are refused.
func categoryAllowed(category string) bool { return slices.Contains(categories, category) }

// defaultDataType is the type of a datum given without one. Recorded for creation: reserved keys are searchable, others
// are not. Assumption: an update without a type keeps the one that is there.
func defaultDataType(key, before string) string {
	switch {
	case before != "":
		return before
	case key == keyDedup || key == keyResources || key == keyAutomations:
		return searchable
	}
	return plain
}

// valueGiven says whether a datum may be stored. Assumption: one without Value is refused.
func valueGiven(v dataValue) bool { return v.Value != "" }

// filterable says whether a datum can be found by the OperationalData filters. Documented: only searchable ones.
// Assumption: not the reserved keys, for which a user of the API found no way.
func filterable(key string, v dataValue) bool {
	return v.Type == searchable && !strings.HasPrefix(key, "/aws/")
}

// equalText is the operator Equal. Assumption: letter for letter. Several filters are assumed to be joined by AND, the
// values of one by OR (scan, condition).
func equalText(have, want string) bool { return have == want }

// containsText is the operator Contains. Assumption: letter for letter, upper and lower case apart.
func containsText(have, want string) bool { return strings.Contains(have, want) }

// untabledOperators are those of filter keys that the documentation's table leaves out. Assumption: Equal.
var untabledOperators = equal

// readFilterTime reads the value of a time filter. Assumption: RFC 3339, with or without a fraction, or epoch seconds.
func readFilterTime(v string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, true
	}
	return readTimestamp(json.Number(v))
}

// quotaMonth is the month that the quota of 10,000 counts in. Assumption: a calendar month in UTC, in which deleted
// OpsItems still count.
func quotaMonth(now time.Time) string { return month(now) }

// quotaExempt says whose OpsItems the quotas leave out. Documented: Security Hub's and Incident Manager's. Assumption:
// those that their service-linked roles make; a caller gets to be one by Callers.
func quotaExempt(creator string) bool {
	for _, role := range []string{"AWSServiceRoleForSecurityHub", "AWSServiceRoleforIncidentManager"} {
		if strings.HasSuffix(creator, "/"+role) || strings.Contains(creator, ":assumed-role/"+role+"/") {
			return true
		}
	}
	return false
}

// alarmRole is who CloudWatch makes OpsItems as. Reported: the service-linked role, by way of
// ssm.alarms.cloudwatch.amazonaws.com. Assumption: that is the session's name, too.
func (e *Emulator) alarmRole() string {
	return "arn:" + partition(e.cfg.Region) + ":sts::" + e.cfg.Account +
		":assumed-role/AWSServiceRoleForCloudWatchAlarms_ActionSSM/ssm.alarms.cloudwatch.amazonaws.com"
}

// alarmItem is what an alarm's OpsItem says. Documented: the title. Assumption: the source; a description of the alarm's
// own description and the reason for its state, cut where the model ends it; one related resource, the alarm, whose ARN
// is the dedup string as well; no topics, no tags.
func (e *Emulator) alarmItem(ev *alarmEvent) *createInput {
	d := ev.Detail
	arn := "arn:" + partition(e.cfg.Region) + ":cloudwatch:" + e.cfg.Region + ":" + e.cfg.Account + ":alarm:" + d.AlarmName
	if len(ev.Resources) > 0 && ev.Resources[0] != "" {
		arn = ev.Resources[0]
	}
	paragraphs := slices.DeleteFunc([]string{
		"CloudWatch alarm '" + d.AlarmName + "' is in ALARM state.", d.Configuration.Description, d.State.Reason,
	}, func(p string) bool { return !hasInk(p) })
	dedup, _ := json.Marshal(map[string]string{"dedupString": arn}) // strings only
	return &createInput{
		Title: oneLine("CloudWatch alarm - '" + d.AlarmName + "' is in ALARM state"), Description: cut(strings.Join(paragraphs, "\n\n"), 2048),
		Source: "CloudWatch Alarm",
		OperationalData: map[string]dataValue{
			keyDedup:     {Value: string(dedup), Type: searchable},
			keyResources: resourcesDatum(arn),
		},
	}
}

// targetRole is who a rule's target makes OpsItems as. Recorded: the target's role, with a session of 32 hexadecimal
// digits. Assumption: the session is the rule's, and the role the one that AWS's samples name where none is given.
func (e *Emulator) targetRole(roleARN string, rule ruleName) string {
	role := "OpsItem-CWE-Role"
	if i := strings.LastIndex(roleARN, "/"); i >= 0 && hasInk(roleARN[i+1:]) {
		role = roleARN[i+1:]
	}
	sum := sha256.Sum256([]byte(rule.ARN))
	return "arn:" + partition(e.cfg.Region) + ":sts::" + e.cfg.Account + ":assumed-role/" + role + "/" + hex.EncodeToString(sum[:16])
}

// targetSourceAllowed says what may be the Source of what a rule makes. Assumption: anything, "aws" included, whether it is
// the event's, a template's or a constant: the ban is CreateOpsItem's, for its callers.
func targetSourceAllowed(string) bool { return true }

// matchedInput is the input of a rule's target that says nothing about it. Reported, of a runbook of AWS's that puts a
// template in its place: title, source, resources and detail come from the event. Assumption: detail is operational data
// of that name, left out where it is too large, and the description begins as those of AWS's own rules.
func matchedInput(rule ruleName, event map[string]any) map[string]any {
	in := map[string]any{
		"title": event["detail-type"], "source": event["source"], "resources": event["resources"],
		"description": "CloudWatch Event Rule " + rule.Name + " was triggered.",
	}
	if detail, ok := event["detail"]; ok && len(encodeJSON(detail)) <= 20<<10 {
		in["operationalData"] = map[string]any{"detail": map[string]any{"value": detail}}
	}
	return in
}

// targetResources puts the resources of a rule's target where OpsItems have them. Assumption: what operationalData says
// of them goes first.
func targetResources(data map[string]any, arns []string) {
	if _, given := data[keyResources]; given || len(arns) == 0 {
		return
	}
	v := resourcesDatum(arns...)
	data[keyResources] = map[string]any{"Value": v.Value, "Type": v.Type}
}

// dataText is the value of operational data from a rule's target. Documented: a string. Assumption: anything else is
// kept as JSON.
func dataText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return encodeJSON(v)
}

// missingVariable stands for a variable whose path leads nowhere in an event. Documented: it "will not appear in the
// output". Assumption: nothing within a string, null as a JSON value.
func missingVariable(quoted bool) string {
	if quoted {
		return ""
	}
	return "null"
}

// quotedText stands for a variable within a string of a template. Documented: EventBridge escapes no values, so that a
// quote in one spoils the JSON, and takes the quotes out of objects and lists. Assumption: numbers and the like as JSON.
func quotedText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any, []any:
		return strings.ReplaceAll(encodeJSON(v), `"`, "")
	}
	return encodeJSON(v)
}

// errUndefined answers a placeholder that no variable has the name of. Assumption: EventBridge refuses such a template.
func errUndefined(name string) *Error {
	return errField("inputTemplate", "has <%s>, which is neither in inputPathsMap nor predefined", name)
}

// eventSource is detail.source of an event. AWS's sample says "aws.ssm", which CreateOpsItem would refuse as a Source.
// Assumption: the OpsItem's own Source.
func eventSource(ev *historyEvent) string { return ev.Source }

// eventDetail is Detail of ListOpsItemEvents. Assumption: the detail of the EventBridge event.
func eventDetail(ev *historyEvent) any { return ev.detail() }

// notification is what goes to a topic. Assumption: the subject is the title, the message the detail of the EventBridge
// event, and it goes at creation and at each edit.
func notification(ev *historyEvent, topic string) Notification {
	text, _ := json.Marshal(ev.detail()) // strings only
	return Notification{TopicARN: topic, Subject: ev.Title, Message: string(text), OpsItemID: ev.ItemID}
}

// touched is what tagging an OpsItem makes of its version and times. Assumption: nothing, and no event goes out; nor
// does associating a related item with it.
func touched(it *item) *item { return it }

// associationKinds are the related items that can be associated. The model takes any text, its prose names these.
// Assumption: others are refused.
func associationKinds() (associationTypes, resourceTypes []string) {
	return []string{"IsParentOf", "RelatesTo"}, []string{"AWS::SSMIncidents::IncidentRecord", "AWS::SSM::Document"}
}

// sameRelated says whether a related item is associated already. Assumption: the URI alone tells, whatever the type.
func sameRelated(a, b *association) bool { return a.ResourceURI == b.ResourceURI }

// relatedItems is how many related items an OpsItem can have. Documented: 100 "related resources". Assumption: those in
// /aws/resources and those associated count apart, to 100 each.
func (q Quotas) relatedItems() int { return q.Resources }

// relatedOf gives the related items that ListOpsItemRelatedItems has of an item; nil stands for one that does not exist.
// Assumption: none then, and no error: the operation lists no OpsItemNotFoundException, which ListOpsItemEvents does. The
// caller holds the lock.
func (e *Emulator) relatedOf(it *item) []*association {
	if it == nil {
		return nil
	}
	return e.st.related[it.ID]
}

// errNoTaggable answers tagging of what does not exist. Assumption: InvalidResourceId, and the same for the types of
// resources that this emulator has none of.
func errNoTaggable() *Error { return newError("InvalidResourceId", "") }

// insightsByDefault is the value of /ssm/opsinsights/opscenter that nobody set. Documented: insights are off.
const insightsByDefault = "Disabled"

// settingNobody is LastModifiedUser of a setting that nobody set. Assumption: the word that AWS shows for defaults elsewhere.
const settingNobody = "System"

// insightCounts says which OpsItems an insight counts. Documented: open ones for a resource. Assumption: those that are not
// resolved, and no insights, for the others too. AWS looks at them in batches; here each new OpsItem is looked at once.
func insightCounts(it *item) bool { return it.active() && it.Type == typeIssue }

// insightItem is an insight as an OpsItem. Documented: its type, the kinds and their numbers. Assumption: all it says; that
// a service-linked role makes it, within the quotas, with an event; that nothing is changed in it as the number grows.
func (e *Emulator) insightItem(in insight) *item {
	role := "arn:" + partition(e.cfg.Region) + ":sts::" + e.cfg.Account + ":assumed-role/AWSServiceRoleForAmazonSSM_OpsInsights/OpsInsights"
	it := &item{
		Version: 1, Type: typeInsight, Title: cut(fmt.Sprintf(in.kind.title, in.about()), 1024), Description: cut(in.text(), 2048),
		Source: "OpsCenter", Status: StatusOpen, CreatedBy: role, ModifiedBy: role, Insight: in.kind.name, Dedup: in.hash(),
	}
	if in.resource != "" {
		it.Data = map[string]dataValue{keyResources: resourcesDatum(in.resource)}
	}
	return it
}

// opsItemGroup is the one resource of OpsCenter that can have a policy. Assumption: this ARN, and one policy on it.
func (e *Emulator) opsItemGroup() string {
	return "arn:" + partition(e.cfg.Region) + ":ssm:" + e.cfg.Region + ":" + e.cfg.Account + ":opsitemgroup/default"
}

const policiesPerResource = 1

// summaryAttribute reads the Key of a GetOpsSummary filter. Assumption: "AWS:OpsItem." and the name of an attribute of
// Content, or the name alone.
func summaryAttribute(key string) string { return strings.TrimPrefix(key, "AWS:OpsItem.") }

// summaryData is the attribute OperationalData of GetOpsSummary. The model lets an attribute have 4,096 characters, data can
// have far more. Assumption: entries that do not fit any more, in the order of their keys, are left out.
func summaryData(data map[string]dataValue) string {
	type entry struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	var b strings.Builder
	room := int64(4096 - len("{}"))
	for _, k := range slices.Sorted(maps.Keys(data)) {
		text, _ := json.Marshal(map[string]entry{k: {data[k].Type, data[k].Value}}) // strings only
		one := "," + string(text[1:len(text)-1])
		if n := length(one); n <= room {
			b.WriteString(one)
			room -= n
		}
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

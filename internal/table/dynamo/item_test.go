package dynamo

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// Every member has an attribute of its own, and none of them is the engine's.
func TestAttrName(t *testing.T) {
	tests := []struct{ member, want string }{
		{"text", "text"},
		{"type", "_type"},
		{"_type", "__type"},
		{"___version", "____version"},
		{"_text", "_text"},
		{"expires", "_expires"},
		{"pending_p", "_pending_p"},
		{"_pending_s", "__pending_s"},
		{"_p", "__p"},
		{"_s", "__s"},
		{"p", "p"},
		{"_", "_"},
		{"Type", "Type"},
	}
	seen := map[string]string{}
	for _, tt := range tests {
		t.Run(tt.member, func(t *testing.T) {
			got := attrName(tt.member)
			if got != tt.want {
				t.Errorf("attrName(%q) = %q, want %q", tt.member, got, tt.want)
			}
			if other, taken := seen[got]; taken {
				t.Errorf("%q and %q are both kept as %q", tt.member, other, got)
			}
			seen[got] = tt.member
			if back, ok := memberName(got); !ok || back != tt.member {
				t.Errorf("memberName(%q) = %q, %t, want %q", got, back, ok, tt.member)
			}
		})
	}
}

func FuzzAttrName(f *testing.F) {
	for _, s := range []string{"a", "_", "_p", "__s", "type", "_type", "x_p", "_x_s", "__pk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, member string) {
		attr := attrName(member)
		if own(attr) && attr[0] != '_' {
			t.Errorf("%q is kept as %q, which is the engine's", member, attr)
		}
		if back, ok := memberName(attr); !ok || back != member {
			t.Errorf("%q is kept as %q and read as %q, %t", member, attr, back, ok)
		}
	})
}

// The attributes are native: what the console shows, and what another program would write.
func TestItemIsNative(t *testing.T) {
	r := table.Row{
		Key: table.Key{P: "p", S: "s"}, Type: "thing", Schema: 2, Version: 3, Expires: time.Unix(5, 0).UTC(),
		Index: map[table.Index]table.Key{"ranked": {P: "rp", S: "rs"}},
		Attrs: json.RawMessage(`{"type":"x","n":1.5,"l":[1,null],"m":{"pk":"stays"},"b":true,"gone":null,"zero":0e999}`),
	}
	it, err := toItem(&r)
	if err != nil {
		t.Fatal(err)
	}
	n := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	want := item{
		"pk": str("p"), "sk": str("s"), "type": str("thing"), "schema": n("2"), "version": n("3"), "expires": n("5"),
		"ranked_p": str("rp"), "ranked_s": str("rs"), "_type": str("x"), "n": n("1.5"), "zero": n("0"),
		"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1"), &types.AttributeValueMemberNULL{Value: true}}},
		"m": &types.AttributeValueMemberM{Value: item{"pk": str("stays")}},
		"b": &types.AttributeValueMemberBOOL{Value: true},
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore())
	if diff := cmp.Diff(want, it, ignore); diff != "" {
		t.Errorf("item differs (-want +got):\n%s", diff)
	}
	back, err := toRow(it)
	if err != nil {
		t.Fatal(err)
	}
	r.Attrs = json.RawMessage(`{"b":true,"l":[1,null],"m":{"pk":"stays"},"n":1.5,"type":"x","zero":0}`)
	if diff := cmp.Diff(&r, back); diff != "" {
		t.Errorf("row differs (-want +got):\n%s", diff)
	}
}

// Items that others made read as something or as an error, never as a panic.
func TestForeignItems(t *testing.T) {
	tests := []struct {
		name string
		add  item
		want string // the attributes; "" for an error
	}{
		{"nothing more", nil, `{}`},
		{"binary", item{"b": &types.AttributeValueMemberB{Value: []byte("hi")}}, `{"b":"aGk="}`},
		{"sets", item{
			"s": &types.AttributeValueMemberSS{Value: []string{"<a>"}}, "n": &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}},
			"b": &types.AttributeValueMemberBS{Value: [][]byte{{0}}},
		}, `{"b":["AA=="],"n":[1,2.5],"s":["<a>"]}`},
		{"number that is no JSON", item{"n": &types.AttributeValueMemberN{Value: "+.5"}}, `{"n":"+.5"}`},
		{"null", item{"x": &types.AttributeValueMemberNULL{Value: true}}, `{"x":null}`},
		{"version a string", item{"version": str("1")}, ""},
		{"version a fraction", item{"version": &types.AttributeValueMemberN{Value: "1.5"}}, ""},
		{"type a number", item{"type": num(1)}, ""},
		{"index key a number", item{"ranked_s": num(1)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it := keyOf(table.Key{P: "p", S: "s"})
			maps.Copy(it, tt.add)
			r, err := toRow(it)
			if (err != nil) != (tt.want == "") {
				t.Fatalf("toRow = %+v, %v", r, err)
			}
			if err == nil && string(r.Attrs) != tt.want {
				t.Errorf("attributes are %s, want %s", r.Attrs, tt.want)
			}
		})
	}
}

// record is a record of the table's stream as a function gets it.
const record = `{
  "eventID": "1", "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
  "dynamodb": {
    "ApproximateCreationDateTime": 1700000000,
    "Keys": {"pk": {"S": "p"}, "sk": {"S": "s"}},
    "OldImage": {"pk": {"S": "p"}, "sk": {"S": "s"}, "version": {"N": "1"}, "schema": {"N": "1"}, "type": {"S": "thing"},
      "expires": {"N": "1700000000"}},
    "NewImage": {"pk": {"S": "p"}, "sk": {"S": "s"}, "version": {"N": "2"}, "schema": {"N": "1"}, "type": {"S": "thing"},
      "pending_p": {"S": "a"}, "pending_s": {"S": "b"}, "_version": {"S": "mine"}, "text": {"S": "<é>"}, "n": {"N": "12345678901234567890.5"},
      "on": {"BOOL": true}, "no": {"NULL": true}, "list": {"L": [{"N": "1"}, {"S": ""}]}, "map": {"M": {"x": {"M": {}}}},
      "set": {"SS": ["a"]}, "nums": {"NS": ["1"]}, "bin": {"B": "aGk="}, "bins": {"BS": ["aGk="]}},
    "SequenceNumber": "4421584500000000017450439091", "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES"
  }
}`

func TestChanges(t *testing.T) {
	removed := `{"eventName":"REMOVE","dynamodb":{"Keys":{"pk":{"S":"p"},"sk":{"S":"s"}},"OldImage":{"pk":{"S":"p"},"sk":{"S":"s"},"version":{"N":"2"}},"SequenceNumber":"2"}}`
	var e events.DynamoDBEvent
	if err := json.Unmarshal([]byte(`{"Records":[`+record+`,`+removed+`]}`), &e); err != nil {
		t.Fatal(err)
	}
	got, err := Changes(e)
	if err != nil {
		t.Fatal(err)
	}
	k := table.Key{P: "p", S: "s"}
	want := []table.Change{
		{
			Key: k, Seq: "4421584500000000017450439091",
			Old: &table.Row{Key: k, Type: "thing", Schema: 1, Version: 1, Expires: time.Unix(1_700_000_000, 0).UTC(), Attrs: []byte(`{}`)},
			New: &table.Row{
				Key: k, Type: "thing", Schema: 1, Version: 2, Index: map[table.Index]table.Key{"pending": {P: "a", S: "b"}},
				Attrs: []byte(`{"bin":"aGk=","bins":["aGk="],"list":[1,""],"map":{"x":{}},"n":12345678901234567890.5,"no":null,"nums":[1],"on":true,"set":["a"],"text":"<é>","version":"mine"}`),
			},
		},
		{Key: k, Seq: "2", Old: &table.Row{Key: k, Version: 2, Attrs: []byte(`{}`)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes differ (-want +got):\n%s", diff)
	}

	e.Records[1].Change.Keys = nil
	if _, err := Changes(e); err == nil {
		t.Error("a record without keys gives no error")
	}
}

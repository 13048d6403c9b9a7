package archtest

import "strings"

// Layer is a package's place. Imports go from functions to app to adapters to the domain, never back.
type Layer string

// The layers, from the inside out.
const (
	Kernel    Layer = "kernel"     // what everything may use: error kinds, ids
	Domain    Layer = "domain"     // types, invariants, decisions, and services over ports of their own; pure
	Port      Layer = "port"       // the storage port
	Config    Layer = "config"     // names and environment keys, for functions and infra
	Adapter   Layer = "adapter"    // one technology each
	LocalOnly Layer = "local only" // an adapter, or a stand-in for a service, that no Lambda may link
	App       Layer = "app"        // handlers, and the wiring that functions share
	Function  Layer = "function"   // one Lambda each
	Local     Layer = "local"      // all in one process
	Infra     Layer = "infra"      // the CDK app
	TestKit   Layer = "test kit"   // what only tests import
	Tool      Layer = "tool"       // programs and tests about the project; nobody imports them
)

// places gives every package its layer; a path that ends in "/..." stands for all below it, the longest match wins.
var places = map[string]Layer{
	"functions/local": Local,
	"functions/...":   Function,
	"infra/...":       Infra,

	"internal/fault": Kernel,
	"internal/id":    Kernel,

	"internal/audit":        Domain,
	"internal/chart":        Domain,
	"internal/cycle":        Domain,
	"internal/digest":       Domain,
	"internal/feedback":     Domain,
	"internal/followup":     Domain,
	"internal/goal":         Domain,
	"internal/governor":     Domain,
	"internal/improvement":  Domain,
	"internal/incident":     Domain,
	"internal/intake":       Domain,
	"internal/launch":       Domain,
	"internal/lesson":       Domain,
	"internal/links":        Domain,
	"internal/mail/address": Domain,
	"internal/metric":       Domain,
	"internal/mirror":       Domain,
	"internal/number":       Domain,
	"internal/opsitem":      Domain,
	"internal/person":       Domain,
	"internal/product":      Domain,
	"internal/promise":      Domain,
	"internal/retro":        Domain,
	"internal/review":       Domain,
	"internal/score":        Domain,
	"internal/signal":       Domain,
	"internal/similar":      Domain,
	"internal/stats":        Domain,
	"internal/survey":       Domain,
	"internal/timeline":     Domain,
	"internal/token":        Domain,
	"internal/trail":        Domain,
	"internal/trend":        Domain,
	"internal/week":         Domain,
	"internal/triage":       Domain,

	"internal/table":        Port,
	"internal/table/cursor": Port,
	"internal/config":       Config,

	"internal/auth":           Adapter,
	"internal/batch":          Adapter,
	"internal/chart/chartpng": Adapter,
	"internal/eventbus/...":   Adapter,
	"internal/httpapi/...":    Adapter,
	"internal/idem":           Adapter,
	"internal/mail/...":       Adapter,
	"internal/notify/...":     Adapter,
	"internal/obs":            Adapter,
	"internal/opscenter":      Adapter,
	"internal/queue/...":      Adapter,
	"internal/store":          Adapter,
	"internal/table/dynamo":   Adapter,
	"internal/web/...":        Adapter,
	"internal/webhook/...":    Adapter,

	"internal/mail/inbox":             LocalOnly,
	"internal/oidclocal":              LocalOnly,
	"internal/opscenter/emulator":     LocalOnly,
	"internal/opscenter/emulator/...": LocalOnly,
	"internal/table/embedded":         LocalOnly,

	"internal/app/...":       App,
	"internal/awsenv":        App,
	"internal/app/local/...": Local,
	"internal/app/beside":    Local,

	"internal/localstack":              TestKit,
	"internal/runtimeapi":              TestKit,
	"internal/table/dynamo/dynamotest": TestKit,
	"internal/table/meter":             TestKit,
	"internal/table/tabletest":         TestKit,
	"internal/testenv":                 TestKit,

	"internal/archtest":                   Tool,
	"internal/bench/...":                  Tool,
	"internal/opscenter/emulator/cmd/...": Tool,
	"internal/story/...":                  Tool,
	"internal/tools/...":                  Tool,
}

// mayImport says which layers a layer may import. Adapters, local ones too, are further held apart from each other: see
// neighbours.
var mayImport = map[Layer][]Layer{
	Kernel:    {Kernel},
	Domain:    {Kernel, Domain},
	Port:      {Kernel, Port},
	Config:    {Kernel},
	Adapter:   {Kernel, Domain, Port, Config, Adapter},
	LocalOnly: {Kernel, Domain, Port, Config, Adapter, LocalOnly},
	App:       {Kernel, Domain, Port, Config, Adapter, App},
	Function:  {Kernel, Domain, Port, Config, Adapter, App},
	Local:     {Kernel, Domain, Port, Config, Adapter, LocalOnly, App, Local},
	Infra:     {Config},
	TestKit:   {Kernel, Domain, Port, Config, Adapter, LocalOnly, TestKit},
	Tool:      {Kernel, Domain, Port, Config, Adapter, LocalOnly, App, Local, TestKit, Tool},
}

// neighbours are the adapters that may import another one, with the reason. Adapters of one tree, as internal/mail and
// internal/mail/ses, are one adapter.
var neighbours = map[[2]string]string{}

// pure are the layers that know neither AWS, HTTP, the environment, the clock nor chance.
var pure = map[Layer]bool{Kernel: true, Domain: true, Port: true}

// impure are the standard packages (and all below them) that pure layers do without.
var impure = []string{
	"crypto/rand", "crypto/tls", "database/sql", "io/ioutil", "log", "math/rand", "net", "net/http", "net/rpc", "net/smtp", "os", "plugin",
	"runtime", "syscall", "testing",
}

// harmless are parts of impure packages that only compute.
var harmless = []string{"math/rand/v2", "net/mail", "net/netip", "net/textproto", "net/url"}

// libraries are the modules' packages (and all below them) that pure layers may use: they only compute.
var libraries = []string{
	"github.com/aclements/go-moremath", "github.com/blevesearch/snowballstem", "github.com/teambition/rrule-go",
	"github.com/yuin/goldmark", "golang.org/x/net/idna", "golang.org/x/sync/errgroup", "golang.org/x/text", "gonum.org/v1/gonum",
}

// notInLambda are packages (and all below them) that no Lambda links, directly or through others.
var notInLambda = []string{
	"github.com/aws/aws-cdk-go", "github.com/aws/jsii-runtime-go", "github.com/cockroachdb/pebble", "github.com/google/go-cmp",
	"testing",
}

// notInPure are what pure layers must not link even through others.
var notInPure = []string{"github.com/aws", "net/http"}

// place gives the layer of a package of this module, path without the module's name.
func place(path string) (Layer, bool) {
	if l, ok := places[path]; ok {
		return l, true
	}
	for dir := path; dir != "."; {
		if l, ok := places[dir+"/..."]; ok {
			return l, true
		}
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			break
		}
		dir = dir[:i]
	}
	return "", false
}

// tree is the folder under internal that a package belongs to: adapters of one tree are one adapter.
func tree(path string) string {
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 {
		return path
	}
	return parts[0] + "/" + parts[1]
}

// under says whether path is one of the roots or lies below one.
func under(path string, roots []string) bool {
	for _, r := range roots {
		if path == r || strings.HasPrefix(path, r+"/") {
			return true
		}
	}
	return false
}

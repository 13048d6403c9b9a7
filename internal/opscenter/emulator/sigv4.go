package emulator

import (
	"net/http"
	"strings"
	"time"
)

const algorithm = "AWS4-HMAC-SHA256"

// authenticate looks at a request's signature as far as it can be without the secret: that there is one, that it is
// whole, and that it is for this service, Region and day (AWS Signature Version 4 for API requests). It says who the
// request claims to be from.
func (e *Emulator) authenticate(r *http.Request) (caller, *Error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{}, newError("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	scheme, rest, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		return caller{}, errIncomplete("Authorization header requires the algorithm '%s'.", algorithm)
	}
	parts := map[string]string{}
	for p := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		parts[k] = v
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" && r.Header.Get("Date") == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if len(missing) > 0 {
		return caller{}, errIncomplete("%s", strings.Join(missing, " "))
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 {
		return caller{}, errIncomplete("Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term, got '%s'", parts["Credential"])
	}
	if err := e.checkScope(scope, r, date); err != nil {
		return caller{}, err
	}
	if !strings.Contains(";"+parts["SignedHeaders"]+";", ";host;") {
		return caller{}, errSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if !isHex(parts["Signature"], 64) {
		return caller{}, errSignature("The request signature we calculated does not match the signature you provided.")
	}
	return caller{ARN: e.callerARN(scope[0])}, nil
}

func (e *Emulator) checkScope(scope []string, r *http.Request, date string) *Error {
	switch {
	case scope[0] == "":
		return newError("UnrecognizedClientException", "The security token included in the request is invalid.")
	case scope[2] != e.cfg.Region:
		return errSignature("Credential should be scoped to a valid region, not '%s'.", scope[2])
	case scope[3] != "ssm":
		return errSignature("Credential should be scoped to correct service: 'ssm'.")
	case scope[4] != "aws4_request":
		return errSignature("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.", scope[4])
	}
	signed, err := time.Parse("20060102T150405Z", date)
	if date == "" {
		signed, err = http.ParseTime(r.Header.Get("Date"))
	}
	if err != nil {
		return errIncomplete("Date must be in ISO-8601 'basic format'. Got '%s'.", date)
	}
	if day := signed.UTC().Format("20060102"); day != scope[1] {
		return errSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "+
			"'%s' != '%s'.", scope[1], day)
	}
	if max := e.cfg.MaxClockSkew; max > 0 {
		now := e.now()
		if signed.Before(now.Add(-max)) {
			return errSignature("Signature expired: %s is now earlier than %s", date, now.Add(-max).Format("20060102T150405Z"))
		}
		if signed.After(now.Add(max)) {
			return errSignature("Signature not yet current: %s is still later than %s", date, now.Add(max).Format("20060102T150405Z"))
		}
	}
	return nil
}

func errIncomplete(format string, args ...any) *Error {
	return newError("IncompleteSignatureException", format, args...)
}

func errSignature(format string, args ...any) *Error {
	return newError("InvalidSignatureException", format, args...)
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, c := range s {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return true
}

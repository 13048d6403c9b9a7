package ses

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"learningloop/internal/fault"
)

// Codes of errors that callers tell apart.
const (
	CodeThrottled     = "mail_throttled"
	CodePaused        = "mail_paused"         // SES has stopped the account, or somebody paused it
	CodeNotVerified   = "mail_not_verified"   // the sender, or in the sandbox the recipient
	CodeRejected      = "mail_rejected"       // refused for its address or content
	CodeUnavailable   = "mail_unavailable"    // SES does not answer
	CodeMisconfigured = "mail_misconfigured"  // permissions or configuration set
	CodeUnknown       = "mail_unknown_answer" // an error of SES that is not known here
)

// mapError makes a fault of what the SDK answers. The SDK's error is left behind: SES writes addresses into its messages
// ("Email address is not verified. The following identities failed the check ..."). Its code and request id remain.
func mapError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		cause := context.DeadlineExceeded
		if errors.Is(err, context.Canceled) {
			cause = context.Canceled
		}
		return fault.Wrap(fault.Unavailable, CodeUnavailable, "The mail service did not answer in time.", cause)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Unavailable, CodeUnavailable, "The mail service does not answer.", network(err))
	}
	cause := answer(api, err)
	switch api.ErrorCode() {
	case "TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling":
		return fault.Wrap(fault.RateLimited, CodeThrottled, "Mails are sent faster than the mail service allows, or its quota for the day is used.", cause)
	case "AccountSuspendedException", "SendingPausedException":
		return fault.Wrap(fault.Unavailable, CodePaused, "Sending is paused in the mail service's account.", cause)
	case "MailFromDomainNotVerifiedException":
		return notVerified(cause)
	case "MessageRejected":
		if strings.Contains(api.ErrorMessage(), "not verified") {
			return notVerified(cause)
		}
		return fault.Wrap(fault.Invalid, CodeRejected, "The mail service refused this mail.", cause)
	case "BadRequestException", "ValidationException":
		return fault.Wrap(fault.Invalid, CodeRejected, "The mail service refused this mail or its address.", cause)
	case "NotFoundException", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId",
		"ExpiredTokenException", "SignatureDoesNotMatch", "MissingAuthenticationTokenException":
		return fault.Wrap(fault.Internal, CodeMisconfigured, "The mail service is not set up for us.", cause)
	case "InternalServiceErrorException", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException":
		return fault.Wrap(fault.Unavailable, CodeUnavailable, "The mail service does not answer.", cause)
	}
	return byStatus(cause, err)
}

func notVerified(cause error) error {
	return fault.Wrap(fault.Forbidden, CodeNotVerified,
		"The sender is not verified or, while the mail service's account is in its sandbox, the recipient is not.", cause)
}

// byStatus reads errors without a known code, as a proxy or a new version of SES may answer them.
func byStatus(cause, err error) error {
	res, ok := errors.AsType[*smithyhttp.ResponseError](err)
	switch {
	case ok && res.HTTPStatusCode() == http.StatusTooManyRequests:
		return fault.Wrap(fault.RateLimited, CodeThrottled, "Mails are sent faster than the mail service allows.", cause)
	case ok && res.HTTPStatusCode() >= 500:
		return fault.Wrap(fault.Unavailable, CodeUnavailable, "The mail service does not answer.", cause)
	}
	return fault.Wrap(fault.Internal, CodeUnknown, "The mail service gave an answer that is not known here.", cause)
}

// answer is what may be kept of an error that SES answered.
func answer(api smithy.APIError, err error) error {
	res, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok {
		return fmt.Errorf("SES: %s", api.ErrorCode())
	}
	return fmt.Errorf("SES: %s, status %d, request %s", api.ErrorCode(), res.HTTPStatusCode(), res.Response.Header.Get("x-amzn-RequestId"))
}

// network keeps the cause of a call that got no answer: it names an endpoint, never a mail.
func network(err error) error {
	if send, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return send
	}
	return fmt.Errorf("%T", err)
}

// Package signal reads the events of operations (EventBridge events, as AWS documents them) as Signals: what one event
// says, about what, how bad it is. It decides nothing about Improvements; it gives every caller the same deterministic
// ID (one word, however often it is delivered) and Key (what the word is about, the same for every repetition).
//
// Parse has four outcomes, and no event falls between them:
//
//   - a Signal, to be kept as Feedback;
//   - Feedback: the body of the project's own event, raw, for the caller to validate as it validates a request;
//   - Ignore: the event is understood and says nothing worth keeping, with a named Reason;
//   - an error of kind Invalid: ErrUnknown where nobody understands the event, "malformed_event" with pointers where the
//     kind is known and a field is missing or of the wrong type. The caller sets both aside.
//
// # States
//
// Firing says that something is wrong. Recovered says that what the Key is about is right again; tests, builds and checks
// say so again and again, which says nothing where no episode of the Key is open (Weigh). Info raises nothing; with a
// Release it is a launch mark, and ends the failure of the release before it (Signal.Ends).
//
//	event                                   Firing                  Recovered            Info             ignored
//	CloudWatch alarm                        ALARM                   OK after anything    -                INSUFFICIENT_DATA; OK after OK;
//	                                                                but OK                                configuration changes
//	Synthetics test run, status             failed run; ERROR       passed run           -                other status changes
//	CodePipeline pipeline                   FAILED                  -                    SUCCEEDED        all other states
//	CodePipeline stage, action              FAILED                  -                    -                all other states
//	CodeDeploy deployment                   FAILURE, STOP           -                    SUCCESS          START, READY
//	CodeDeploy instance                     FAILURE                 -                    -                all other states
//	CodeBuild                               FAILED FAULT TIMED_OUT  SUCCEEDED            -                IN_PROGRESS, STOPPED
//	AppConfig                               roll-back               -                    complete         start, step, baking
//	AWS Health                              open, upcoming          closed               INFORMATIONAL    -
//	GuardDuty                               finding                 archived finding     -                -
//	Security Hub                            finding                 archived, resolved,  INFORMATIONAL    -
//	                                                                suppressed, passed
//	Config rule                             NON_COMPLIANT           after NON_COMPLIANT  -                the rest
//	Cost anomaly                            detected                -                    -                -
//	Contact Lens                            rule matched            -                    -                -
//
// An alarm that goes to INSUFFICIENT_DATA is ignored on purpose: it says something about the measuring, not about what is
// measured. An open episode stays open and the OK that follows, even out of INSUFFICIENT_DATA, ends it. A team for which
// silence is a failure says so on the alarm itself (treatMissingData: breaching), and CloudWatch then sends ALARM.
//
// A composite alarm whose own actions AWS suppressed (ActionsSuppressor) fires all the same: Suppressed carries why, so
// that maintenance windows can be honoured where they are decided.
//
// # Severity
//
// 1 critical, 2 high, 3 medium, 4 low, as OpsCenter has it.
//
//	signal                                  severity
//	name or description carries a tag       the tag: sev1, SEV-2, severity=3, [severity:4]; name before description.
//	                                        For alarms, canaries, pipelines, deployments, builds, Config and Contact Lens rules
//	composite alarm                         2: teams compose alarms into the one they want to be woken by
//	metric alarm, canary, pipeline          3
//	deployment failed / stopped / instance  3 / 4 / 4
//	CodeBuild                               4
//	AppConfig roll-back                     3
//	AWS Health issue / abuse                2
//	AWS Health investigation, change        3
//	AWS Health notification                 4
//	GuardDuty (its scale, 0 to 10)          9 and more 1, 7 and more 2, 4 and more 3, else 4
//	Security Hub label                      CRITICAL 1, HIGH 2, MEDIUM 3, LOW and INFORMATIONAL 4
//	Config rule, cost anomaly               3
//	Contact Lens                            4
//	Recovered, Info                         that of the Firing it answers; launch marks 4
//
// # Identity
//
// AWS delivers at least once, and some services give several events one EventBridge id, so the ID comes from what the
// event is about:
//
//	alarm          name, account, Region, state and its timestamp
//	canary         run id and status
//	pipeline       execution, state, stage, action, time: a retried stage keeps its execution and fails again as another word
//	deployment     deployment, state, instance
//	build          build and status
//	AWS Health     eventArn, communicationId, affected account, page; so the copy sent to the backup Region is the same word
//	GuardDuty      finding and its last update; Security Hub: the same, and its states
//	Config         rule, resource, verdict and when it was recorded
//	everything else  source, detail type and EventBridge id
package signal

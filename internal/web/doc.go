// Package web is the face of the loop: every server-rendered page, as typed view models that the app layer fills and
// templates that only lay out. It knows nothing of the domain, so that a page can be drawn, tested and looked at with
// plain structs, and so that no template decides anything.
//
// Use: New makes a Renderer; Renderer.Page answers a request with a view in a Shell; Renderer.Render writes one to any
// writer. Assets serves the style sheet, the script and the icon under content-hash names.
//
// # Routes and forms
//
// Views link to each other by these routes, every one under Options.Base. Forms post the fields named here; a field with
// "*" may repeat. Cross-origin posts are refused by the server (net/http.CrossOriginProtection), so no form carries a token.
//
//	GET  /                                       Chooser
//	GET  /p/{product}/feedback                   FeedbackForm
//	POST /p/{product}/feedback                   key kind title text rating name email company hearBack
//	                                             component page release environment variant -> 303 or FeedbackSent
//	GET  /s/{token}                              Status; edit=yes opens the form
//	POST /s/{token}/edit                         version kind title text rating
//	POST /s/{token}/withdraw                     -
//	POST /s/{token}/hear                         hear=yes|no
//	GET  /u/{token}                              Unsubscribe
//	POST /u/{token}                              stop=yes|no (RFC 8058 clients post List-Unsubscribe=One-Click: stop)
//	GET  /team                                   TeamHome
//	GET  /team/{product}/queue                   Queue; type kind sort cursor
//	GET  /team/{product}/decide                  Decide; do item* return
//	POST /team/{product}/decisions               decision item* version reason kind revisit owner due release return
//	POST /team/{product}/promote                 title outcome item* accept=yes return
//	POST /team/{product}/attach                  improvement item* return
//	POST /team/{product}/detach                  improvement item* return
//	GET  /team/{product}/improvements            Improvements; status owner sort cursor
//	GET  /team/{product}/improvements/{id}       Improvement; evidence=all
//	POST /team/{product}/improvements/{id}       version title outcome effort
//	GET  /team/{product}/improvements/{id}/episodes/{n}   Timeline; kept=yes shows what was kept
//	GET  /team/{product}/improvements/{id}/episodes/{n}/timeline.md   the same as Markdown
//	GET  /team/{product}/metrics                 Metrics; weeks until
//	GET  /team/{product}/metrics.csv             the same as CSV
//	GET  /team/{product}/mutes                   Mutes
//	POST /team/{product}/mutes                   how=once|weekly what=component:NAME|name|all name reason, and
//	                                             from to (UTC), or day at minutes zone
//	POST /team/{product}/unmute                  id
//	POST /team/{product}/mute-again              id, of the window removed last
//	POST /team/{product}/stand-down              improvement reason return
//	GET  /team/{product}/stand-down              ?improvement: back to its case
//	GET  /team/set-aside                         SetAside; cursor
//	POST /team/set-aside/{id}/replay             product (may be empty: only try again)
//	POST /team/set-aside/{id}/drop               reason
//	GET  /team/digests, /team/digests/{id}       Digests, Digest
//	GET  /team/log                               Log; who did product from until correlation cursor
//	GET  /team/products, POST /team/products     Products; slug name
//	GET  /team/products/{slug}                   Settings
//	POST /team/products/{slug}                   version name about isDefault=yes quotes severity band
//	                                             digestTo (one a line) and, one each per rule row in order:
//	                                             ruleSource* ruleAccount* ruleRegion* ruleResource* ruleName*
//	                                             likewise partComponent* partSource* ... per component row;
//	                                             clusterMinutes andonPeople andonMinutes
//	                                             dryRun=yes: saves nothing, answers Settings as typed with DryRun set
//	GET  /_local/                                LocalIndex
//	GET  /assets/{file}                          Assets
//
// The decisions are accept, plan, start, ship, decline, reopen; Decide also draws promote and attach. FieldName says
// which field of a form a JSON pointer of the API is about.
package web

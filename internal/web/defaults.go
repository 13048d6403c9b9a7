package web

// defaults fills what a caller left out of the shell and the view itself knows: its title, its product, its section.
func defaults(s Shell, v View) Shell {
	title, product, section := about(v)
	if s.Title == "" {
		s.Title = title
	}
	if s.Product == nil && product.Slug != "" {
		s.Product = &product
	}
	if s.Section == SectionNone {
		s.Section = section
	}
	return s
}

// about is what a view says of itself. A customer's view has no section, and a Failure none of its own: whose page it
// stands in for is the caller's to say.
func about(v View) (title string, p ProductRef, s Section) {
	none := ProductRef{}
	switch v := v.(type) {
	case Chooser:
		return "Feedback", none, SectionNone
	case FeedbackForm:
		return "Tell the " + v.Product.Name + " team", v.Product, SectionNone
	case FeedbackSent:
		return "Thank you", v.Product, SectionNone
	case Status:
		return headline(v.State, v.Headline), v.Product, SectionNone
	case Unsubscribe:
		return "Stop e-mails", v.Product, SectionNone
	case Failure:
		return failureText(v).Heading, none, SectionNone
	case TeamHome:
		return "What waits for you", none, SectionTeam
	case Queue:
		return "Queue of " + v.Product.Name, v.Product, SectionQueue
	case Decide:
		return doWord(v.Do).Heading, v.Product, SectionQueue
	case Improvements:
		return "Improvements of " + v.Product.Name, v.Product, SectionImprovements
	case Improvement:
		return v.Title, v.Product, SectionImprovements
	case Metrics:
		return "Metrics of " + v.Product.Name, v.Product, SectionMetrics
	case Timeline:
		return "Timeline: " + v.Title, v.Product, SectionImprovements
	case SetAside:
		return "Set aside", none, SectionSetAside
	case Digests:
		return "Digests", none, SectionDigests
	case Digest:
		return v.Period + ", " + v.Scope, none, SectionDigests
	case Log:
		return "Log", none, SectionLog
	case Products:
		return "Products", none, SectionProducts
	case Mutes:
		return "Muted signals of " + v.Product.Name, v.Product, SectionMutes
	case Settings:
		return "Settings of " + v.Product.Name, v.Product, SectionProducts
	case LocalIndex:
		return "The whole loop", none, SectionLocal
	default:
		return "", none, SectionNone
	}
}

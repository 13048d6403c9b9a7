package demo

import "learningloop/internal/feedback"

// searchThemes are what is said about finding things.
var searchThemes = []theme{
	{
		key: "typos", product: "search", kind: feedback.Problem, component: "query", page: "/search", ratings: [5]int{0, 6, 3, 1, 0},
		titles: []string{"A typo finds nothing", "No results for {typo}"},
		words: []string{
			"One wrong letter and the search finds nothing. I typed \"{typo}\".",
			"Search for \"{typo}\" gives an empty page instead of asking what I meant.",
			"No results for \"{typo}\". Every other shop corrects that.",
			"The search does not forgive misspelling at all.",
			"Typing on {device} I often hit a wrong key. The search then says there is nothing.",
			"It finds nothing unless I spell everything right. English is not the first language of our team.",
		},
		weekly: func(w int) float64 {
			switch {
			case w <= 5:
				return 15
			case w <= 7:
				return 2
			default:
				return 9 // it came back with a new index
			}
		},
		plan: &plan{
			title: "Find what was meant when a word is misspelt", outcome: "One wrong letter still finds the article.", share: 0.9, moves: []move{
				{week: 0, day: 3, hour: 11, verb: propose, who: searchLead},
				{week: 1, day: 2, hour: 9, verb: accept, who: searchLead, reason: "Every tenth search is misspelt."},
				{week: 1, day: 2, hour: 10, verb: planned, who: searchLead, owner: relevance, due: 38, effort: 3},
				{week: 2, day: 1, hour: 9, verb: start, who: relevance},
				{week: 5, day: 2, hour: 16, verb: shipped, who: searchLead, release: "search 2.8"},
				{week: 9, day: 1, hour: 10, verb: reopened, who: searchLead, reason: "The new index of week 8 came without the corrections: complaints are back."},
				{week: 9, day: 2, hour: 9, verb: planned, who: searchLead, owner: relevance, due: 92},
				{week: 9, day: 3, hour: 9, verb: start, who: relevance},
			},
		},
	},
	{
		key: "delivery-filter", product: "search", kind: feedback.Idea, component: "filters", page: "/search", ratings: [5]int{0, 1, 4, 4, 1},
		titles: []string{"Filter by delivery date"},
		words: []string{
			"Let me filter by delivery date. I need {item} by {day}.",
			"A filter \"arrives by\" would save me opening every article.",
			"Please show only what can be here before {day}.",
			"We always need things by a certain day. Filter for that, please.",
			"Sorting by delivery time would be the most useful thing you could add.",
		},
		weekly: growing(13),
		plan: &plan{
			title: "Filter results by delivery date", outcome: "Whoever needs something by a day sees only what comes by then.", share: 0.9, moves: []move{
				{week: 3, day: 1, hour: 10, verb: propose, who: searchLead},
				{week: 10, day: 2, hour: 14, verb: accept, who: searchLead, reason: "Most wanted idea, and the delivery service now gives the dates.", effort: 5},
			},
		},
	},
	{
		key: "slow-evenings", product: "search", kind: feedback.Problem, component: "results", page: "/search", ratings: [5]int{2, 5, 4, 0, 0},
		words: []string{
			"Search takes for ever in the evening.", "Results appear after {minutes} minutes of a spinning wheel. Felt like it, at least.",
			"Between 19 and 21 o'clock the search is unusable on {device}.", "The result page is slow, the rest of the shop is fine.",
			"Waiting ten seconds for every page of results is no fun with {n} things to find.",
		},
		weekly: func(w int) float64 {
			if w >= 4 && w <= 7 {
				return 14
			}
			return 4
		},
		plan: &plan{
			title: "Answer searches as fast in the evening as at noon", share: 0.75, moves: []move{
				{week: 5, day: 1, hour: 10, verb: propose, who: searchLead},
				{week: 5, day: 4, hour: 10, verb: accept, who: searchLead, reason: "The latency alarm says the same."},
				{week: 6, day: 0, hour: 10, verb: start, who: relevance},
				{week: 7, day: 4, hour: 15, verb: shipped, who: searchLead, release: "search 2.9"},
			},
		},
	},
	{
		key: "sold-out-first", product: "search", kind: feedback.Problem, component: "ranking", page: "/search", ratings: [5]int{0, 4, 4, 1, 0},
		words: []string{
			"The first results are always sold out.", "Why are articles at the top that cannot be ordered?",
			"Looking for {item}: {n} results, the first five not available.", "Please move what is out of stock to the end.",
			"It is frustrating to click on things nobody can buy.",
		},
		weekly: steady(10),
		plan: &plan{
			title: "Rank what can be ordered before what is sold out", outcome: "The first page shows what can be bought.", share: 0.85, moves: []move{
				{week: 4, day: 2, hour: 11, verb: propose, who: searchLead},
				{week: 7, day: 2, hour: 10, verb: accept, who: searchLead, reason: "Cheap, and asked for every week."},
				{week: 8, day: 0, hour: 10, verb: planned, who: searchLead, owner: searchLead, due: 104, effort: 1},
			},
		},
	},
	{
		key: "photo", product: "search", kind: feedback.Idea, component: "query", page: "/search", ratings: [5]int{0, 0, 3, 3, 2},
		words: []string{
			"Let me search with a photo of the thing.", "Searching by picture would be cool, I never know what things are called.",
			"Could the app find {item} from a photo?",
		},
		weekly: until(4, 7),
		plan: &plan{
			title: "Search by photo", share: 0.95, moves: []move{
				{week: 2, day: 4, hour: 11, verb: propose, who: searchLead},
				{week: 6, day: 4, hour: 11, verb: declined, who: searchLead, kind: "tooCostly", reason: "Half a year of work for one search in a thousand. Better words come first.", revisit: 365},
			},
		},
	},
	{
		key: "saved-searches", product: "search", kind: feedback.Idea, component: "account", page: "/search", ratings: [5]int{0, 0, 4, 3, 1},
		words: []string{
			"Let me save a search and tell me when something new turns up.", "I look for the same things each month. Saved searches, please.",
			"A bell for new articles that match my filters would be nice.", "Can I keep my filters? I set the same {n} every time.",
		},
		weekly: steady(6),
		plan: &plan{
			title: "Save a search and hear of new results", share: 0.85, moves: []move{
				{week: 7, day: 3, hour: 10, verb: propose, who: searchLead}, // still waits
			},
		},
	},
	{
		key: "unit-price", product: "search", kind: feedback.Question, component: "results", page: "/search", words: []string{
			"Can results be sorted by price per piece?", "Where do I see the price per kilogram in the list?", "Is there a way to compare two articles side by side?",
			"How do I find the spare parts for {item}?",
		},
		weekly: steady(5),
	},
	{
		key: "search-praise", product: "search", kind: feedback.Praise, component: "results", page: "/search", ratings: [5]int{0, 0, 1, 5, 6},
		words: []string{
			"Found {item} on the first try.", "The suggestions while typing are spot on.", "Even \"{typo}\" finds the right thing now. Nice!",
			"Filters are quick and clear.", "Love the new result page.",
		},
		weekly: from(11, 5),
	},
}

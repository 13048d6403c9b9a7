package demo

import "learningloop/internal/feedback"

// ordersThemes are what is said about what happens after paying.
var ordersThemes = []theme{
	{
		key: "tracking-late", product: "orders", kind: feedback.Problem, component: "tracking", page: "/orders/tracking", ratings: [5]int{4, 5, 3, 0, 0},
		titles: []string{"Tracking is a day behind", "Parcel here, tracking says on its way"},
		words: []string{
			"The parcel was at the door before tracking said it had left.",
			"Tracking is a day behind. I stayed at home on {day} for nothing.",
			"The tracking page shows \"in preparation\" while the carrier's page says delivered.",
			"Your tracking updates once a day at most. We plan our goods-in by it.",
			"No movement in tracking {times}, then {item} suddenly arrives.",
			"I call your hotline for every parcel because the tracking page is always late.",
		},
		weekly: steady(15),
		plan: &plan{
			title: "Show where a parcel is within the hour", outcome: "Tracking says what the carrier says, at most an hour later.", share: 0.9, moves: []move{
				{week: 1, day: 1, hour: 10, verb: propose, who: ordersLead},
				{week: 3, day: 1, hour: 10, verb: accept, who: ordersLead, reason: "First reason for calls to the hotline."},
				{week: 3, day: 2, hour: 10, verb: planned, who: ordersLead, owner: fulfilment, due: 100, effort: 4},
				{week: 6, day: 2, hour: 8, verb: inConsole, ops: "InProgress"},
			},
		},
	},
	{
		key: "split", product: "orders", kind: feedback.Problem, component: "delivery", page: "/orders", ratings: [5]int{0, 5, 5, 1, 0},
		titles: []string{"Several parcels, nobody told me"},
		words: []string{
			"My order came in {n} parcels and no mail said so. I thought the rest was lost.",
			"Half of the order is missing. Or does it come later? Nothing tells.",
			"Please say when an order is split. I reordered {item} by mistake.",
			"Why does the order page show \"delivered\" when only the first parcel is here?",
		},
		weekly: until(12, 8),
		plan: &plan{
			title: "Tell people when an order comes in several parcels", outcome: "Nobody takes a part for the whole.", share: 0.95, moves: []move{
				{week: 2, day: 2, hour: 10, verb: propose, who: ordersLead},
				{week: 4, day: 1, hour: 10, verb: accept, who: ordersLead, reason: "One mail less to write for every third order."},
				{week: 4, day: 2, hour: 10, verb: planned, who: ordersLead, owner: fulfilment, due: 65, effort: 1},
				{week: 6, day: 0, hour: 9, verb: start, who: fulfilment},
				{week: 8, day: 3, hour: 17, verb: inConsole, ops: "Resolved"},
			},
		},
	},
	{
		key: "export", product: "orders", kind: feedback.Idea, component: "history", page: "/orders/history", ratings: [5]int{0, 2, 4, 2, 1},
		titles: []string{"Export orders", "Orders as CSV"},
		words: []string{
			"We need our orders as CSV for accounting.", "An export of all orders of a month would save us a day of typing.",
			"Please offer a download of the order history. We have {n} orders a week.", "Is an API for our orders planned? CSV would do, too.",
		},
		weekly: steady(8),
		plan: &plan{
			title: "Export orders as CSV", outcome: "Accounting gets a month of orders in one file.", share: 0.95, moves: []move{
				{week: 2, day: 3, hour: 9, verb: propose, who: ordersLead},
				{week: 5, day: 1, hour: 9, verb: accept, who: ordersLead, reason: "Asked by nearly every company we sell to."},
				{week: 5, day: 1, hour: 10, verb: planned, who: ordersLead, owner: ordersLead, due: 73, effort: 2}, // overdue by the end
			},
		},
	},
	{
		key: "return-label", product: "orders", kind: feedback.Problem, component: "returns", page: "/returns", ratings: [5]int{0, 5, 2, 0, 0},
		words: []string{
			"The return label prints over two pages and the barcode is cut.", "I cannot open the return label on {device}.",
			"Return label: the file is empty.", "Tried to send back {item}. The label page shows an error {times}.",
			"Our post office refused the label because the barcode was too small.",
		},
		weekly: from(13, 6),
		plan:   &plan{title: "Make return labels that print", share: 0.95, moves: []move{{week: 7, day: 1, hour: 10, verb: propose, who: ordersLead}}}, // accepted by rule
	},
	{
		key: "reorder", product: "orders", kind: feedback.Idea, component: "history", page: "/orders/history", ratings: [5]int{0, 0, 3, 3, 1},
		words: []string{
			"A button to order the same again, please.", "Reorder last month's order with one click, we always buy the same.", "Let me repeat an order of {item}.",
		},
		weekly: until(4, 8),
		plan: &plan{
			title: "Order the same again with one click", share: 0.95, moves: []move{
				{week: 3, day: 4, hour: 10, verb: propose, who: ordersLead},
				{week: 7, day: 0, hour: 11, verb: declined, who: ordersLead, kind: "duplicate", reason: "The shopping lists of the checkout team do this, and more. They come in spring."},
			},
		},
	},
	{
		key: "change-address", product: "orders", kind: feedback.Question, component: "delivery", page: "/orders", words: []string{
			"Can I still change the delivery address of an order?", "How do I add somebody who may take the parcel?", "Where do I see which carrier brings {item}?",
			"Can a delivery wait until {day}? Nobody is at the office before.",
		},
		weekly: steady(7),
	},
	{
		key: "packaging", product: "orders", kind: feedback.Idea, component: "packaging", page: "/orders", words: []string{
			"Less packaging, please. {item} came in a box for a fridge.", "Could you ship in reusable boxes?", "Let me choose one parcel over a fast one.",
		},
		weekly: steady(3),
	},
	{
		key: "orders-praise", product: "orders", kind: feedback.Praise, component: "delivery", page: "/orders", ratings: [5]int{0, 0, 0, 4, 9},
		words: []string{
			"Ordered on {day}, here the next morning.", "Returned {item} without any fuss. Money back in two days.", "The driver was so friendly!",
			"Great that you say now when an order comes in parts.", "Packed well, nothing broken, as always.",
		},
		weekly: steady(13),
	},
}

// exampleThemes keep the product to try the loop with from being empty.
var exampleThemes = []theme{
	{
		key: "example-idea", product: "example", kind: feedback.Idea, component: "docs", words: []string{
			"A page that explains what happens to my feedback would help.", "Say on the form how long an answer takes.", "Dark mode for the form, please.",
		},
		weekly: steady(1.5),
	},
	{
		key: "example-problem", product: "example", kind: feedback.Problem, component: "form", ratings: [5]int{1, 2, 2, 0, 0}, words: []string{
			"The form lost my text when I pressed back on {device}.", "I could not find my earlier feedback again.", "The status page took {minutes} minutes to show my note.",
		},
		weekly: steady(1.5),
	},
}

func themes() []theme {
	var all []theme
	for _, list := range [][]theme{checkoutThemes, searchThemes, ordersThemes, exampleThemes} {
		all = append(all, list...)
	}
	return all
}

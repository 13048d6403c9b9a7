package demo

import "learningloop/internal/feedback"

// checkoutThemes are what is said about basket, payment and confirmation.
var checkoutThemes = []theme{
	{
		key: "basket-lost", product: "checkout", kind: feedback.Problem, component: "basket", page: "/basket", ratings: [5]int{5, 6, 2, 0, 0},
		titles: []string{"Basket empty after signing in", "Lost my basket", "Basket gone"},
		words: []string{
			"I put {item} and {n} other things into the basket, signed in to pay, and the basket was empty.",
			"My basket empties itself as soon as I log in. I have to collect everything again.",
			"After signing in, nothing of what I had chosen is there any more. This happened {times}.",
			"The basket forgets what is in it when I sign in half way. I lost {n} articles.",
			"We collect orders for the office without an account and sign in to pay. The basket is always gone then.",
			"Signing in at the checkout throws away the basket.",
			"Why do I have to fill the basket again after login? It worked on {device} last year.",
		},
		weekly: until(22, 4),
		plan: &plan{
			title: "Keep the basket when somebody signs in", outcome: "Whoever signs in half way finds in the basket what was in it before.", share: 0.95, moves: []move{
				{week: 0, day: 2, hour: 10, verb: propose, who: checkoutLead},
				{week: 1, day: 1, hour: 14, verb: accept, who: checkoutLead, reason: "Most named problem of the first week, across companies."},
				{week: 1, day: 3, hour: 10, verb: planned, who: checkoutLead, owner: checkoutLead, due: 30, effort: 2},
				{week: 2, day: 0, hour: 9, verb: start, who: payments},
				{week: 3, day: 3, hour: 11, verb: shipped, who: checkoutLead, release: "checkout 4.2"},
			},
		},
	},
	{
		key: "pay-grey", product: "checkout", kind: feedback.Problem, component: "payment", page: "/checkout/payment", ratings: [5]int{4, 6, 3, 0, 0},
		titles: []string{"Pay button stays grey", "Cannot pay after bank confirmation"},
		words: []string{
			"The pay button stays grey after I come back from my bank. I had to start over {times}.",
			"I confirm the payment in my bank's app, return to the shop, and cannot press Pay.",
			"Pay is disabled after the bank's confirmation page. Reloading loses the delivery address.",
			"Coming back from the bank the page waits for ever and the button does nothing.",
			"Paid by card with confirmation on the phone: the button never becomes active again, tried it {times}.",
			"It takes {minutes} minutes until I may press Pay after confirming at the bank.",
		},
		weekly: growing(16),
		plan: &plan{
			title: "Bring people back from their bank to a pay button that works", outcome: "Nobody has to start over after confirming a payment.", share: 0.9, moves: []move{
				{week: 2, day: 1, hour: 10, verb: propose, who: checkoutLead},
				{week: 4, day: 1, hour: 14, verb: accept, who: checkoutLead, reason: "Growing since week 2, and each one is an order nearly lost."},
				{week: 5, day: 2, hour: 10, verb: planned, who: checkoutLead, owner: payments, due: 95, effort: 3},
				{week: 8, day: 4, hour: 9, verb: start, who: payments},
			},
		},
	},
	{
		key: "voucher", product: "checkout", kind: feedback.Problem, component: "voucher", page: "/checkout/voucher", ratings: [5]int{0, 5, 4, 1, 0},
		titles: []string{"Voucher refused without a reason"},
		words: []string{
			"My voucher is refused and nobody says why. It is valid until the end of the year.",
			"\"This code cannot be used.\" Why not? Is it the minimum order or the date?",
			"Voucher from your newsletter does not work with {item}, and the message tells nothing.",
			"The voucher field says no. I would have ordered more had I known what is missing.",
			"We got {n} vouchers for our staff. Half of them are refused, without a reason.",
		},
		weekly: steady(9),
		plan: &plan{
			title: "Say why a voucher is refused", outcome: "Whoever enters a voucher knows what is missing for it to count.", share: 0.85, moves: []move{
				{week: 3, day: 3, hour: 10, verb: propose, who: checkoutLead},
				{week: 5, day: 3, hour: 15, verb: accept, who: checkoutLead, reason: "Small change, steady complaint."},
				{week: 6, day: 1, hour: 11, verb: planned, who: checkoutLead, owner: checkoutLead, due: 68, effort: 0.5}, // overdue by the end
			},
		},
	},
	{
		key: "guest", product: "checkout", kind: feedback.Idea, component: "account", page: "/checkout", ratings: [5]int{0, 2, 4, 3, 1},
		titles: []string{"Order without an account", "Guest checkout"},
		words: []string{
			"Let me order without making an account. I buy from you once a year.",
			"A checkout for guests would be great. I do not want another password.",
			"Please offer to buy {item} as a guest. I gave up at the registration form.",
			"For a single order nobody should have to register.",
			"Could we order as guests? Our purchasing rules forbid personal accounts.",
		},
		weekly: steady(8),
		plan: &plan{
			title: "Let people order without an account", outcome: "A single order needs no registration.", share: 0.85, moves: []move{
				{week: 2, day: 3, hour: 11, verb: propose, who: checkoutLead},
				{week: 4, day: 3, hour: 10, verb: accept, who: head, reason: "Registration is where most orders are abandoned."},
				{week: 4, day: 3, hour: 11, verb: planned, who: head, owner: head, due: 62, effort: 5}, // overdue by the end
			},
		},
	},
	{
		key: "invoice", product: "checkout", kind: feedback.Idea, component: "payment", page: "/checkout/payment", ratings: [5]int{0, 1, 4, 2, 0},
		titles: []string{"Pay by invoice"},
		words: []string{
			"Please let companies pay by invoice within 30 days.",
			"We cannot use a company card for everything. Invoice as a way to pay would help.",
			"Is there a plan to offer payment by invoice? Our accounts department asks for it every month.",
			"Paying by invoice is standard for companies of our size.",
		},
		weekly: until(6, 6),
		plan: &plan{
			title: "Offer payment by invoice", outcome: "", share: 0.95, moves: []move{
				{week: 1, day: 3, hour: 15, verb: propose, who: checkoutLead},
				{week: 5, day: 0, hour: 16, verb: declined, who: head, kind: "offStrategy", reason: "We do not lend money, and no partner we asked covers all our countries. Company cards and direct debit stay.", revisit: 270},
			},
		},
	},
	{
		key: "addresses", product: "checkout", kind: feedback.Idea, component: "address", page: "/checkout/address", ratings: [5]int{0, 1, 3, 3, 1},
		words: []string{
			"Let me keep several delivery addresses and pick one. I ship to {n} offices.",
			"An address book at the checkout, please.",
			"It would help to name addresses, such as home, work, parents.",
			"Typing the same second address for every order is tedious.",
		},
		weekly: from(7, 3),
		plan: &plan{
			title: "Keep several delivery addresses", share: 0.85, moves: []move{
				{week: 6, day: 3, hour: 10, verb: propose, who: checkoutLead}, // still waits
			},
		},
	},
	{
		key: "vat", product: "checkout", kind: feedback.Question, component: "receipt", page: "/orders", words: []string{
			"Where do I enter our VAT number so that it is on the receipt?",
			"How do I get a receipt with the VAT shown for each article?",
			"Can a receipt be made out to another company than the one that pays?",
			"Is the receipt for {item} sent by e-mail or only shown in the account?",
		},
		weekly: steady(6),
	},
	{
		key: "checkout-praise", product: "checkout", kind: feedback.Praise, component: "checkout", page: "/checkout", ratings: [5]int{0, 0, 0, 4, 8},
		words: []string{
			"Ordered {item} in under a minute. Very smooth.", "The new basket is so much better, it even remembered {item} from last week.",
			"Fastest checkout I know.", "Paying on {device} just worked. Thank you!", "Clear, short, no surprises at the end. Keep it like that.",
			"Well done with the summary before paying.", "The basket now survives signing in. You listened!",
		},
		weekly: growing(14),
	},
	{
		key: "hostile", product: "checkout", kind: feedback.Problem, component: "voucher", page: "/checkout/voucher", words: []string{
			"The voucher field shows <script>alert(1)</script> & other markup when I paste my code. **Not** what I expected.",
		},
		weekly: func(w int) float64 {
			if w == 7 {
				return 1.5
			}
			return 0
		},
	},
}

// burst is what people say while payments fail: the incident.
var burst = theme{
	key: "payments-down", product: "checkout", kind: feedback.Problem, component: "payment", page: "/checkout/payment", ratings: [5]int{9, 3, 0, 0, 0},
	titles: []string{"Payment fails", "Cannot pay at all", "Error when paying"},
	words: []string{
		"Payment fails with an error for {minutes} minutes now. Card and direct debit alike.",
		"I cannot pay. \"Something went wrong\", {times}.",
		"Error 502 when I press Pay. Was I charged?",
		"Nobody in our office can complete an order right now.",
		"Paying does not work at all today. I have {n} articles in the basket and need them by {day}.",
		"Payment page is down? I tried {device} and another one.",
		"The order was refused after payment, and my bank shows it as booked!",
		"Third attempt to pay, third error page.",
		"I tried to pay {times}. Nothing but errors on {device}.",
	},
}

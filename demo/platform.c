#include "demo/platform.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct demo_service demo_services[DEMO_SERVICES] = {
	{"order-validate", "checkout", "checkout.order.validate", .calls = "customer.profile.read", .work_us = 1500, .members = 2, .trouble = DEMO_TAKES_MOST},
	{"cart-price", "checkout", "checkout.cart.price", .calls = "checkout.currency.convert", .work_us = 2000, .members = 2},
	{"currency-convert", "checkout", "checkout.currency.convert", .work_us = 300, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"coupon-apply", "checkout", "checkout.coupon.apply", .work_us = 1000, .keys = DEMO_ORDER_ONLY, .drops_context = true},
	{"tax-calculate", "checkout", "checkout.tax.*", .work_us = 1200, .trouble = DEMO_FAILS},
	{"address-verify", "checkout", "checkout.address.verify", .work_us = 3000, .trouble = DEMO_IGNORES},
	{"order-accept", "checkout", "checkout.order.accept", DEMO_PUBLISHES, "events.checkout.accepted", .work_us = 1000},

	{"fraud-check", "payment", "payment.fraud.check", .calls = "payment.wallet.balance", .work_us = 4000},
	{"wallet-balance", "payment", "payment.wallet.balance", .work_us = 500, .keys = DEMO_KEYS_IN_HEADER, .drops_context = true},
	{"card-tokenize", "payment", "payment.card.tokenize", .work_us = 700},
	{"card-authorize", "payment", "payment.authorize.*", .work_us = 8000, .members = 3, .concurrency = 4},
	{"card-capture", "payment", "payment.capture.*", .work_us = 3000, .members = 2},
	{"ledger-post", "payment", "payment.ledger.post", DEMO_PUBLISHES, "events.payment.posted", .work_us = 800},
	{"receipt-issue", "payment", "payment.receipt.issue", DEMO_PUBLISHES, "events.payment.receipt", "customer.consent.check", .work_us = 1500},

	{"stock-reserve", "stock", "stock.reserve.*", DEMO_PUBLISHES, "events.stock.reserved", .work_us = 2000, .members = 2},
	{"stock-count", "stock", "stock.count.*", .work_us = 400, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"warehouse-select", "stock", "stock.warehouse.select", .calls = "stock.count.{region}", .work_us = 1000},
	{"bin-locate", "stock", "stock.bin.locate", .work_us = 600, .drops_context = true},
	{"stock-allocate", "stock", "stock.allocate.*", DEMO_PUBLISHES, "events.stock.allocated", .work_us = 1000},
	{"reorder-plan", "stock", "events.stock.allocated", DEMO_PUBLISHES, "stock.supplier.order", .work_us = 2000, .keys = DEMO_NO_KEYS},
	{"supplier-notify", "stock", "stock.supplier.order", DEMO_PUBLISHES, "events.stock.ordered", .work_us = 1000, .keys = DEMO_NO_KEYS, .drops_context = true},

	{"pick-plan", "fulfil", "fulfil.pick.plan", .work_us = 1000},
	{"pick-run", "fulfil", "fulfil.run.*", DEMO_PUBLISHES, "events.fulfil.picked", .work_us = 40000, .concurrency = 4},
	{"pack-size", "fulfil", "fulfil.pack.size", .work_us = 800, .drops_context = true},
	{"pack-run", "fulfil", "fulfil.pack.run", DEMO_PUBLISHES, "events.fulfil.packed", .work_us = 25000, .members = 2},
	{"weight-check", "fulfil", "events.fulfil.packed", DEMO_PUBLISHES, "events.fulfil.weighed", .work_us = 800, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"label-print", "fulfil", "fulfil.label.print", .work_us = 12000, .members = 2, .trouble = DEMO_LONELY_MEMBER},
	{"manifest-add", "fulfil", "fulfil.manifest.add", DEMO_PUBLISHES, "events.fulfil.manifested", .work_us = 1000},
	{"gift-wrap", "fulfil", "fulfil.gift.wrap", DEMO_PUBLISHES, "events.fulfil.wrapped", .work_us = 15000, .keys = DEMO_KEYS_IN_HEADER},

	{"carrier-select", "shipping", "shipping.carrier.select", .calls = "shipping.rate.{region}", .work_us = 2000, .concurrency = 4},
	{"rate-quote", "shipping", "shipping.rate.*", .work_us = 5000, .drops_context = true},
	{"route-plan", "shipping", "shipping.route.*", .work_us = 6000},
	{"pickup-book", "shipping", "shipping.pickup.book", DEMO_PUBLISHES, "events.shipping.booked", .work_us = 3000},
	{"customs-declare", "shipping", "shipping.customs.declare", .work_us = 20000},
	{"tracking-open", "shipping", "shipping.tracking.open", .work_us = 1000},
	{"eta-predict", "shipping", "events.shipping.booked", DEMO_PUBLISHES, "events.shipping.eta", .work_us = 4000, .drops_context = true},
	{"delivery-slot", "shipping", "shipping.slot.book", .work_us = 1500},

	{"profile-read", "customer", "customer.profile.read", .work_us = 500},
	{"consent-check", "customer", "customer.consent.check", .work_us = 300, .keys = DEMO_NO_KEYS, .drops_context = true, .trouble = DEMO_SLOWS_DOWN},
	{"loyalty-points", "customer", "customer.loyalty.add", .work_us = 1000},
	{"email-render", "customer", "customer.email.render", DEMO_PUBLISHES, "customer.email.send", .work_us = 3000, .keys = DEMO_KEYS_IN_HEADER},
	{"email-send", "customer", "customer.email.send", DEMO_PUBLISHES, "events.customer.emailed", .work_us = 10000, .members = 2, .concurrency = 4, .keys = DEMO_KEYS_IN_HEADER, .drops_context = true},
	{"sms-send", "customer", "customer.sms.send", DEMO_PUBLISHES, "events.customer.texted", .work_us = 5000, .trouble = DEMO_FLAPS},
	{"push-send", "customer", "events.shipping.eta", DEMO_PUBLISHES, "events.customer.pushed", .work_us = 2000, .keys = DEMO_NO_KEYS, .drops_context = true},

	{"invoice-create", "billing", "billing.invoice.create", .calls = "billing.credit.check", .work_us = 2000},
	{"credit-check", "billing", "billing.credit.check", .work_us = 2000, .keys = DEMO_KEYS_IN_HEADER},
	{"invoice-render", "billing", "billing.invoice.render", DEMO_PUBLISHES, "events.billing.rendered", .work_us = 60000, .members = 2, .concurrency = 2},
	{"invoice-archive", "billing", "events.billing.rendered", DEMO_PUBLISHES, "events.billing.archived", .work_us = 2000, .keys = DEMO_ORDER_ONLY},
	{"revenue-book", "billing", "billing.revenue.*", DEMO_PUBLISHES, "events.billing.booked", .work_us = 1000},
	{"tax-report", "billing", "events.billing.booked", DEMO_PUBLISHES, .work_us = 500},

	{"audit-write", "insight", "events.>", DEMO_PUBLISHES, .work_us = 50},
	{"search-index", "insight", "events.checkout.*", DEMO_PUBLISHES, "insight.search.indexed", .work_us = 1000, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"metrics-count", "insight", "events.*.*", DEMO_PUBLISHES, .work_us = 20},
	{"fraud-train", "insight", "events.payment.*", DEMO_PUBLISHES, "insight.fraud.trained", .work_us = 2000, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"recommend-update", "insight", "events.customer.*", DEMO_PUBLISHES, "insight.recommend.updated", .work_us = 1000, .keys = DEMO_NO_KEYS, .drops_context = true},
	{"export-feed", "insight", "workflows.*.*", DEMO_PUBLISHES, "insight.export.order", .work_us = 1000, .trouble = DEMO_DUPLICATES},
	{"dashboard-feed", "insight", "insight.>", DEMO_PUBLISHES, .work_us = 50},
};
/* clang-format on */

const struct demo_service *demo_service_find(const char *name)
{
	for (size_t i = 0; i < DEMO_SERVICES; i++)
		if (strcmp(demo_services[i].name, name) == 0)
			return &demo_services[i];
	return NULL;
}

static bool list_has(const char *list, const char *word, size_t len)
{
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool demo_domain_is_in(const char *domain, const char *list)
{
	return !list || list_has(list, domain, strlen(domain));
}

bool demo_subject_is_served(const char *subject, const char *domains)
{
	return !domains || list_has(domains, subject, strcspn(subject, "."));
}

char *demo_subject_in_region(const char *subject, const char *region, char *out, size_t size)
{
	const char *hole = strstr(subject, "{region}");
	if (hole)
		snprintf(out, size, "%.*s%s%s", (int)(hole - subject), subject, region,
			 hole + strlen("{region}"));
	else
		snprintf(out, size, "%s", subject);
	return out;
}

/* demo: an order platform of small services that talk over NATS, each process keeping the ground truth of what it
 * published and why. */
#include <nats/nats.h>
#include <stdio.h>

#include "demo/roles.h"
#include "demo/settings.h"
#include "demo/stop.h"

int main(int argc, char **argv)
{
	struct demo_settings settings;
	int parsed = demo_settings_parse(&settings, argc, argv);
	if (parsed != 0)
		return parsed == 1 ? 0 : 2;
	const struct demo_role *role = demo_role_find(settings.role);
	if (!role) {
		fprintf(stderr, "demo: unknown role \"%s\"; the roles are:\n", settings.role);
		demo_roles_print();
		return 2;
	}
	demo_stop_init();
	int status = role->run(&settings);
	nats_Close();
	return status;
}

#include "tap/capture/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct identity {
	uid_t uid;
	gid_t gid;
};

static bool parse_id(const char *text, unsigned *id)
{
	char *end;
	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	*id = (unsigned)value;
	return errno == 0 && *end == '\0' && value < UINT32_MAX;
}

/* The user whom root becomes. False when there is none. */
static bool find_identity(struct identity *identity)
{
	if (parse_id(getenv("SUDO_UID"), &identity->uid) && parse_id(getenv("SUDO_GID"), &identity->gid) &&
	    identity->uid != 0)
		return true;
	const struct passwd *nobody = getpwnam("nobody");
	if (!nobody || nobody->pw_uid == 0)
		return false;
	*identity = (struct identity){nobody->pw_uid, nobody->pw_gid};
	return true;
}

static int no_identity(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOENT,
			      "cannot give up root: neither SUDO_UID nor a user named nobody is known");
}

static int become(const struct identity *identity, struct wire_fault *fault)
{
	if (setgroups(0, NULL) == 0 && setresgid(identity->gid, identity->gid, identity->gid) == 0 &&
	    setresuid(identity->uid, identity->uid, identity->uid) == 0)
		return 0;
	int error = -errno;
	return wire_fault_set(fault, error, "cannot become user %u instead of root: %s", identity->uid,
			      wire_error_text(error));
}

static int drop_capabilities(struct wire_fault *fault)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	    syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	int error = -errno;
	return wire_fault_set(fault, error, "cannot give up capabilities: %s", wire_error_text(error));
}

int tap_privileges_drop(struct wire_fault *fault)
{
	struct identity identity;
	if (geteuid() == 0) {
		if (!find_identity(&identity))
			return no_identity(fault);
		int error = become(&identity, fault);
		if (error)
			return error;
	}
	return drop_capabilities(fault);
}

int tap_privileges_give(int fd)
{
	struct identity identity;
	if (geteuid() != 0 || !find_identity(&identity))
		return 0;
	return fchown(fd, identity.uid, identity.gid) == 0 ? 0 : -errno;
}

int tap_privileges_make_folder(const char *path, struct wire_fault *fault)
{
	struct identity identity;
	int error = 0;
	if (mkdir(path, 0700) != 0) {
		if (errno == EEXIST)
			return 0;
		error = -errno;
	} else if (geteuid() == 0) {
		if (!find_identity(&identity))
			return no_identity(fault);
		error = lchown(path, identity.uid, identity.gid) == 0 ? 0 : -errno;
	}
	return error ? wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error)) : 0;
}

/* A child process that starts as root gives up its privileges for good. Skipped for other users. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fail.h"
#include "support/tempdir.h"
#include "tap/capture/privileges.h"

enum { SOMEBODY = 12345 };

static struct support_tempdir dir;

/* In a child: exit with the line number when this does not hold. */
#define REQUIRE(holds)                                                      \
	do {                                                                \
		if (!(holds)) {                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #holds); \
			_exit(1);                                           \
		}                                                           \
	} while (0)

static void in_child(void (*run)(void))
{
	int status;
	if (geteuid() != 0) {
		print_message("skipped: only root has privileges to give up\n");
		skip();
	}
	pid_t pid = fork();
	if (pid < 0)
		support_fail("fork");
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void require_nothing_left(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	REQUIRE(syscall(SYS_capget, &header, sets) == 0);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		REQUIRE(sets[i].effective == 0 && sets[i].permitted == 0 && sets[i].inheritable == 0);
	REQUIRE(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	REQUIRE(setuid(0) != 0);
	REQUIRE(socket(AF_PACKET, SOCK_RAW, 0) < 0);
	REQUIRE(getgroups(0, NULL) == 0);
}

static void become_nobody(void)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	REQUIRE(tap_privileges_drop(NULL) == 0);
	REQUIRE(getuid() != 0 && geteuid() != 0 && getgid() != 0 && getegid() != 0);
	require_nothing_left();
	REQUIRE(tap_privileges_drop(NULL) == 0); /* a second call does no harm */
}

static void root_becomes_nobody(void **state)
{
	(void)state;
	in_child(become_nobody);
}

static void set_sudo(const char *uid, const char *gid)
{
	setenv("SUDO_UID", uid, 1);
	setenv("SUDO_GID", gid, 1);
}

static void become_somebody(void)
{
	set_sudo("12345", "12346");
	REQUIRE(tap_privileges_drop(NULL) == 0);
	REQUIRE(getuid() == SOMEBODY && getgid() == SOMEBODY + 1);
	require_nothing_left();
}

static void root_becomes_the_user_who_called_sudo(void **state)
{
	(void)state;
	in_child(become_somebody);
}

/* The state of a program after `setcap cap_net_raw+ep`. */
static void become_plain_user_with_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct raw[_LINUX_CAPABILITY_U32S_3] = {
	    {.effective = 1u << CAP_NET_RAW, .permitted = 1u << CAP_NET_RAW}};
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	REQUIRE(setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0);
	REQUIRE(syscall(SYS_capset, &header, raw) == 0);
	REQUIRE(socket(AF_PACKET, SOCK_RAW, 0) >= 0);
}

static void drop_capability(void)
{
	become_plain_user_with_capability();
	REQUIRE(tap_privileges_drop(NULL) == 0);
	REQUIRE(getuid() == SOMEBODY);
	require_nothing_left();
}

static void a_plain_user_stays_and_loses_capabilities(void **state)
{
	(void)state;
	in_child(drop_capability);
}

static void distrust(void)
{
	static const char *const uids[] = {"", "-1", "0", "1x", "4294967295", "99999999999999999999"};
	for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
		set_sudo(uids[i], "12346");
		pid_t pid = fork();
		if (pid == 0)
			_exit(tap_privileges_drop(NULL) == 0 && getuid() != 0 && getuid() != SOMEBODY ? 0
												      : 1);
		int status;
		REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
	}
}

static void an_invalid_sudo_uid_is_ignored(void **state)
{
	(void)state;
	in_child(distrust);
}

/* A folder is made and files are opened before the drop; both are used after it. */
static void write_afterwards(void)
{
	char folder[300], path[300];
	struct stat info;
	set_sudo("12345", "12346");
	REQUIRE(chmod(dir.path, 0755) == 0);
	support_tempdir_path(&dir, "log", folder, sizeof folder);
	support_tempdir_path(&dir, "log/segment", path, sizeof path);
	REQUIRE(tap_privileges_make_folder(folder, NULL) == 0);
	REQUIRE(tap_privileges_make_folder(folder, NULL) == 0);
	REQUIRE(stat(folder, &info) == 0 && info.st_uid == SOMEBODY && (info.st_mode & 07777) == 0700);
	int before = open(dir.path, O_TMPFILE | O_RDWR, 0600);
	REQUIRE(before < 0 ||
		(tap_privileges_give(before) == 0 && fstat(before, &info) == 0 && info.st_uid == SOMEBODY));
	REQUIRE(tap_privileges_drop(NULL) == 0);
	REQUIRE(before < 0 || write(before, "x", 1) == 1);
	REQUIRE(open(path, O_CREAT | O_EXCL | O_WRONLY, 0600) >= 0);
}

static void a_folder_made_before_the_drop_is_writable_afterwards(void **state)
{
	(void)state;
	in_child(write_afterwards);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
	(void)state;
	char path[300];
	struct wire_fault fault = {0};
	support_tempdir_path(&dir, "not/there", path, sizeof path);
	assert_int_equal(tap_privileges_make_folder(path, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, path));
}

static int open_dir(void **state)
{
	(void)state;
	support_tempdir_open(&dir);
	return 0;
}

static int close_dir(void **state)
{
	(void)state;
	support_tempdir_close(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(root_becomes_nobody),
	    cmocka_unit_test(root_becomes_the_user_who_called_sudo),
	    cmocka_unit_test(a_plain_user_stays_and_loses_capabilities),
	    cmocka_unit_test(an_invalid_sudo_uid_is_ignored),
	    cmocka_unit_test(a_folder_made_before_the_drop_is_writable_afterwards),
	    cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error),
	};
	return cmocka_run_group_tests(tests, open_dir, close_dir);
}

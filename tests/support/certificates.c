#include "support/certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

/* `run` makes a key and a request; `sign` a certificate of it. */
static const char functions[] = "set -e; cd \"$1\"; "
				"request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
				"-keyout \"$1.key\" -out \"$1.csr\" "
				"-subj \"$2\"; }; "
				"authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
				"-nodes -keyout \"$1.key\" -out "
				"\"$1.pem\" -days 30 -subj \"$2\"; }; "
				"sign() { printf 'subjectAltName=%s\\n' \"$5\" >\"$3.ext\"; openssl x509 "
				"-req -in \"$1.csr\" -CA \"$2.pem\" "
				"-CAkey \"$2.key\" -CAcreateserial -days \"$4\" -extfile \"$3.ext\" -out "
				"\"$3.part\"; mv \"$3.part\" \"$3.pem\"; }; "
				"here=DNS:localhost,IP:127.0.0.1,IP:::1; ";

static const char make_all[] =
    "authority ca '/O=Tests/CN=Trusted CA'; authority other_ca '/O=Tests/CN=Unknown CA'; "
    "request server /O=Tests/CN=server; request client /O=Tests/CN=alice; "
    "sign server ca server 30 $here; sign server ca expired -1 $here; "
    "sign server ca other_host 30 DNS:elsewhere.example; sign server other_ca untrusted 30 $here; "
    "sign client ca client 30 email:alice@example.org";

static const char make_again[] = "request renewed /O=Tests/CN=renewed; sign renewed ca renewed 30 $here; "
				 "mv renewed.key server.key; mv renewed.pem server.pem";

static void run(const struct support_certificates *certificates, const char *commands)
{
	char line[4096];
	snprintf(line, sizeof line, "sh -c '%s' sh %s 2>%s/openssl.log", "eval \"$SCRIPT\"",
		 certificates->dir.path, certificates->dir.path);
	char script[4096];
	snprintf(script, sizeof script, "%s%s", functions, commands);
	setenv("SCRIPT", script, 1);
	int status = system(line); /* NOLINT: our own text */
	unsetenv("SCRIPT");
	if (status != 0)
		support_fail("openssl cannot make certificates, see %s/openssl.log", certificates->dir.path);
}

void support_certificates_open(struct support_certificates *certificates)
{
	support_tempdir_open(&certificates->dir);
	run(certificates, make_all);
}

void support_certificates_close(struct support_certificates *certificates)
{
	support_tempdir_close(&certificates->dir);
}

char *support_certificates_path(const struct support_certificates *certificates, const char *name,
				char path[300])
{
	return support_tempdir_path(&certificates->dir, name, path, 300);
}

void support_certificates_renew(const struct support_certificates *certificates)
{
	run(certificates, make_again);
}

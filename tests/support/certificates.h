/* certificates.h - certificates for tests, made by the program openssl in a folder of their own.
 *
 *	ca.pem           who is trusted          server.pem/.key     for localhost, 127.0.0.1 and ::1
 *	other_ca.pem     who is not              expired.pem         likewise, but expired (server.key)
 *	client.pem/.key  CN=alice, of O=Tests    other_host.pem      for elsewhere.example (server.key)
 *	                                         untrusted.pem       signed by other_ca (server.key) */
#ifndef SUPPORT_CERTIFICATES_H
#define SUPPORT_CERTIFICATES_H

#include "support/tempdir.h"

struct support_certificates {
	struct support_tempdir dir;
};

/* Make them all. Ends the test program when openssl cannot. */
void support_certificates_open(struct support_certificates *certificates);
void support_certificates_close(struct support_certificates *certificates);

/* The path of one of them; returns path. */
char *support_certificates_path(const struct support_certificates *certificates, const char *name,
				char path[300]);

/* Make the server's certificate and its key again, as a renewal does; CN=renewed. */
void support_certificates_renew(const struct support_certificates *certificates);

#endif

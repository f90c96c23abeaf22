/* pem.h - the files of an HTTPS server's certificate in memory, as libmicrohttpd wants them. Inside this folder. */
#ifndef NET_HTTP_PEM_H
#define NET_HTTP_PEM_H

#include <stdbool.h>
#include <sys/stat.h>

struct net__http_pem {
	char *cert, *key; /* owned; NULL: none */
};

/* Which files were read: two of the same are equal. */
struct net__http_pem_version {
	struct timespec cert_changed, key_changed;
	ino_t cert, key;
};

/* The files as they are now, zeroed when there are none; key_file NULL: the key is in cert_file. True when they differ from those of
 * *version, which becomes theirs. */
bool net__http_pem_has_changed(struct net__http_pem_version *version, const char *cert_file,
			       const char *key_file);

/* Read them; cert_file NULL: none. 0 or a negated errno, and then there is nothing to free. */
int net__http_pem_read(struct net__http_pem *pem, const char *cert_file, const char *key_file);
/* Wipe the key, and free both. */
void net__http_pem_fini(struct net__http_pem *pem);

#endif

/* pem.h - the files of an HTTPS server's certificate in memory, as libmicrohttpd wants them. Inside this folder. */
#ifndef NET_HTTP_PEM_H
#define NET_HTTP_PEM_H

struct net__http_pem {
	char *cert, *key; /* owned; NULL: none */
};

/* Read them; cert_file NULL: none. 0 or a negated errno, and then there is nothing to free. */
int net__http_pem_read(struct net__http_pem *pem, const char *cert_file, const char *key_file);
/* Wipe the key, and free both. */
void net__http_pem_fini(struct net__http_pem *pem);

#endif

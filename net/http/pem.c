#include "net/http/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_BYTES_MAX = 256 << 10 };

/* The file as an owned string. 0 or a negated errno. */
static int read_file(const char *path, char **text)
{
	size_t len = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*text = malloc(PEM_BYTES_MAX + 1);
	while (*text && len < PEM_BYTES_MAX && (got = read(fd, *text + len, PEM_BYTES_MAX - len)) > 0)
		len += (size_t)got;
	close(fd);
	if (!*text)
		return -ENOMEM;
	(*text)[len] = '\0';
	return 0;
}

bool net__http_pem_has_changed(struct net__http_pem_version *version, const char *cert_file,
			       const char *key_file)
{
	const struct net__http_pem_version before = *version;
	struct stat cert = {0}, key = {0};
	if (cert_file)
		stat(cert_file, &cert);
	if (cert_file)
		stat(key_file ? key_file : cert_file, &key);
	*version = (struct net__http_pem_version){
	    .cert_changed = cert.st_mtim, .key_changed = key.st_mtim, .cert = cert.st_ino, .key = key.st_ino};
	return before.cert != version->cert || before.key != version->key ||
	       before.cert_changed.tv_sec != version->cert_changed.tv_sec ||
	       before.cert_changed.tv_nsec != version->cert_changed.tv_nsec ||
	       before.key_changed.tv_sec != version->key_changed.tv_sec ||
	       before.key_changed.tv_nsec != version->key_changed.tv_nsec;
}

int net__http_pem_read(struct net__http_pem *pem, const char *cert_file, const char *key_file)
{
	*pem = (struct net__http_pem){0};
	if (!cert_file)
		return 0;
	int error = read_file(cert_file, &pem->cert);
	if (error == 0)
		error = read_file(key_file ? key_file : cert_file, &pem->key);
	if (error)
		net__http_pem_fini(pem);
	return error;
}

void net__http_pem_fini(struct net__http_pem *pem)
{
	if (pem->key)
		explicit_bzero(pem->key, strlen(pem->key));
	free(pem->cert);
	free(pem->key);
	*pem = (struct net__http_pem){0};
}
